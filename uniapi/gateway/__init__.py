"""Call → reply, by attempts. `reception` takes a call in, `executor` is the loop and `attempt_try`
one turn of it, `route` finds the ways, `prepare` builds what is sent, `receiver` takes what comes
back.

Three memories belong here: `issued_ids` (ids that live with one account), `reasoning_cache` (what a
client could not carry of an answer) and `issued_items` (what it names by an id alone).
"""

from .answer_memory import AnswerMemory
from .aside import let_go_soon
from .attempt_log import shown_headers
from .backlog import STALLED_READER_S
from .cache_rounds import CACHES_FILE, CacheRounds, cache_rows
from .call_facts import counts_tokens, estimate_call_tokens
from .call_question import question_of
from .call_state import CallSurroundings
from .cost_estimate import estimate_pd
from .discovery import ModelLists, list_models
from .executor import Executor
from .issued_ids import IssuedIds
from .issued_items import IssuedItems
from .learned_models import LearnedModels
from .moderation import Moderation
from .prepare import first_way, prepare_once
from .reasoning_cache import ReasoningCache
from .reception import Reception
from .refusals import model_not_found
from .route import Way
from .snapshot import Engines, Snapshot
from .spending import Spending, Standing
from .uploads import Upload

__all__ = [
    "CACHES_FILE",
    "STALLED_READER_S",
    "AnswerMemory",
    "CacheRounds",
    "CallSurroundings",
    "Engines",
    "Executor",
    "IssuedIds",
    "IssuedItems",
    "LearnedModels",
    "ModelLists",
    "Moderation",
    "ReasoningCache",
    "Reception",
    "Snapshot",
    "Spending",
    "Standing",
    "Upload",
    "Way",
    "cache_rows",
    "counts_tokens",
    "estimate_call_tokens",
    "estimate_pd",
    "first_way",
    "let_go_soon",
    "list_models",
    "model_not_found",
    "prepare_once",
    "question_of",
    "shown_headers",
]
