"""TLS to upstreams: whom to trust, and what to say when that is not enough. There is no way to
switch verification off.
"""

from __future__ import annotations

import ssl


class CaFileUnusable(OSError):
    """A `ca_file` that cannot be read, or holds no certificate."""


class TlsContexts:
    """One context for each `ca_file`, made when it is first needed: the system's certificates (and
    those of `SSL_CERT_FILE`) and those of the file.
    """

    def __init__(self) -> None:
        self._made: dict[str | None, ssl.SSLContext] = {}

    def context(self, ca_file: str | None) -> ssl.SSLContext:
        """Raises CaFileUnusable."""
        context = self._made.get(ca_file)
        if context is None:
            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
            if ca_file is not None:
                try:
                    context.load_verify_locations(cafile=ca_file)
                except (OSError, ssl.SSLError) as error:
                    why = error.strerror or "it holds no certificate"
                    raise CaFileUnusable(f"the `ca_file` {ca_file} cannot be used: {why}") from None
            self._made[ca_file] = context
        return context


def tls_fault(host: str, error: BaseException) -> str:
    """What to tell of a handshake that failed: whose, why, and which setting is meant for it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"TLS to {host} failed: {error.verify_message or 'its certificate is not trusted'};"
            " when the certificate is a company's or your own, name the file of who signed it in"
            " `preferences.ca_file`"
        )
    reason = getattr(error, "reason", None) or error
    return f"TLS to {host} failed: {reason}"
