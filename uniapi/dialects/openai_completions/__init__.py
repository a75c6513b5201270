"""OpenAI's legacy Completions, as a client's dialect: a prompt in, `text_completion` out. It is
chat's older brother and shares its errors, usage and framing, so the dialect is chat's with the
three pieces a client sees exchanged; an upstream that has the endpoint is relayed and read by
chat's own observer, which knows `text`.
"""

from .client import CLIENT

__all__ = ["CLIENT"]
