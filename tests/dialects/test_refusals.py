"""What words make of a kind: only where they may, amounts compared, the narrow before the wide."""

import pytest

from uniapi.canonical import FailureKind
from uniapi.dialects.error_words import Said
from uniapi.dialects.refusal_rows import ROWS
from uniapi.dialects.refusals import reread

K = FailureKind


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        # the request's own size, or an empty purse
        (K.QUOTA, "You requested up to 50000 tokens, but can only afford 6666.", K.TOO_COSTLY),
        (K.QUOTA, "You requested up to 50 tokens, but can only afford 0.", K.QUOTA),
        (K.QUOTA, "Prompt tokens limit exceeded: 12345 > 6789.", K.TOO_COSTLY),
        (
            K.CREDENTIAL_REFUSED,
            "chat pre-consumed quota failed, user quota: $0.189356, need quota: $0.397200",
            K.TOO_COSTLY,
        ),
        (
            K.CREDENTIAL_REFUSED,
            "预扣费额度失败, 用户剩余额度: ＄2.5, 需要预扣费额度: ＄2.6",
            K.TOO_COSTLY,
        ),
        (
            K.CREDENTIAL_REFUSED,
            "预扣费额度失败, 用户剩余额度: ＄-0.5, 需要预扣费额度: ＄2.6",
            K.QUOTA,
        ),
        (
            K.CREDENTIAL_REFUSED,
            "user [1] quota [20]preConsumedQuota [743]is not enough",
            K.TOO_COSTLY,
        ),
        (K.CREDENTIAL_REFUSED, "user [1] quota [-20]preConsumedQuota [743]is not enough", K.QUOTA),
        # 429 is never a prompt that is too long
        (K.RATE_LIMITED, "Tokens per minute limit exceeded - too many tokens.", K.RATE_LIMITED),
        (K.BAD_REQUEST, "too many tokens: 5000", K.TOO_LONG),
        # a thing of the request, or the model
        (K.MODEL_MISSING, "Item with id 'rs_1' not found.", K.ITEM_MISSING),
        (K.MODEL_MISSING, "File not found: file_011", K.ITEM_MISSING),
        (K.CREDENTIAL_REFUSED, "CachedContent not found (or permission denied)", K.ITEM_MISSING),
        (K.MODEL_MISSING, "model `x` not found", K.MODEL_MISSING),
        # an operation, a model for this key, the key
        (K.CREDENTIAL_REFUSED, "You are not allowed to generate embeddings", K.NOT_SERVED),
        (K.CREDENTIAL_REFUSED, "该令牌无权访问模型 m1", K.MODEL_REFUSED),
        (K.CREDENTIAL_REFUSED, "该令牌无权访问任何模型", K.CREDENTIAL_REFUSED),
        (K.CREDENTIAL_REFUSED, "Forbidden", K.CREDENTIAL_REFUSED),
        # a signature that is missing is a fault of the request
        (K.BAD_REQUEST, "Invalid `signature` in `thinking` block", K.SIGNATURE),
        (K.BAD_REQUEST, "Function call is missing a thought_signature", K.BAD_REQUEST),
        # servers and their state are not read over what is certain
        (K.TIMEOUT, "overloaded", K.TIMEOUT),
        (K.SERVER_ERROR, "insufficient balance", K.QUOTA),
    ],
)
def test_words_correct_a_kind(kind, message, expected):
    """In English and Chinese, whatever the status was."""
    assert reread(kind, Said(message=message)).kind is expected


def test_a_delay_makes_a_quota_a_rate_where_the_words_do_for_both():
    """Gemini says «exceeded your current quota» of its limits per minute too."""
    said = Said(message="You exceeded your current quota, please check your plan")
    assert reread(K.RATE_LIMITED, said).kind is K.QUOTA
    assert reread(K.RATE_LIMITED, said, has_delay=True).kind is K.RATE_LIMITED


@pytest.mark.parametrize(
    ("param", "message", "expected"),
    [
        ("model", "поле не подходит", K.NOT_SERVED),
        ("tools", "поле не подходит", K.BAD_REQUEST),
        (None, "поле не подходит", K.BAD_REQUEST),
    ],
)
def test_a_refused_model_is_known_in_any_language(param, message, expected):
    """By the member it names."""
    assert reread(K.BAD_REQUEST, Said(message=message, param=param)).kind is expected


@pytest.mark.parametrize("param", ["previous_response_id", "input", "messages.1.content.0.file_id"])
def test_what_a_404_names_is_what_is_missing(param):
    """A member of the request that is not the model."""
    said = Said(message="It was not found.", param=param)
    assert reread(K.MODEL_MISSING, said).kind is K.ITEM_MISSING
    assert reread(K.MODEL_MISSING, Said(message="It was not found.")).kind is K.MODEL_MISSING


def test_each_row_can_be_reached():
    """By at least one of its own phrases, with a word in place of each gap, for a kind that it
    overrules.
    """
    unreached = [
        row.says[0]
        for row in ROWS
        if not any(
            reread(kind, Said(message=phrase.replace("*", "x").replace("…", " x "))).kind
            is row.kind
            for kind in row.over
            for phrase in row.says
        )
    ]
    assert unreached == []


def test_no_phrase_stands_twice():
    """What two rows say of the same kinds, the second never says."""
    seen = set()
    for row in ROWS:
        for phrase in row.says:
            for kind in row.over:
                assert (phrase, kind) not in seen
                seen.add((phrase, kind))
