"""Refusals of the operations beside chat, in the words of public reports: what only says in what
form, or how much at a time, is mended and remembered; what was asked for is not.
"""

import base64
import json
from array import array

import pytest
from fakes import Answer, whole
from playbook import provider

EMBEDDINGS, RERANK = "/v1/embeddings", "/v1/rerank"
IMAGES, SPEECH = "/v1/images/generations", "/v1/audio/speech"


def refused(message, status=400, **more):
    return whole({"error": {"message": message, "type": "invalid_request_error", **more}}, status)


def vectors(texts, **more):
    """OpenAI's answer: the vector of `t7` is [7.0, 7.0]."""
    rows = [
        {"object": "embedding", "index": place, "embedding": [float(text[1:])] * 2}
        for place, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return whole({"object": "list", "data": rows, "model": "up", "usage": usage, **more})


def texts(count):
    return [f"t{number}" for number in range(count)]


def serve(p, vendor):
    """Answers whatever the gateway asks; how many times it did."""
    calls = 0
    while p.network.waiting:
        upstream = p.network.take()
        upstream.answers(vendor(upstream.path, upstream.json))
        calls += 1
    return calls


def takes(most, refusal):
    """A vendor that embeds so many at a time."""
    return lambda path, body: refusal if len(body["input"]) > most else vectors(body["input"])


BATCHES = [
    # MemMachine/MemMachine#864
    (10, "<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should"
         " not be larger than 10.: input.contents", 400),
    # n4ze3m/page-assist#371; Text Embeddings Inference says it with 413
    (32, "input batch size 70 > maximum allowed batch size 32", 413),
    # geldata/gel#9032
    (40, "* BatchEmbedContentsRequest.requests: at most 40 requests can be in one batch\n", 400),
    # langgenius/dify#522
    (16, "Too many inputs. The max number of inputs is 16.", 400),
    (64, "input数组最大不得超过64条", 400),
    (50, "Invalid 'input': array too long. Expected an array with maximum length 50, but got an"
         " array with length 70 instead.", 400),
]  # fmt: skip


@pytest.mark.parametrize("most, message, status", BATCHES)
def test_so_many_texts_at_a_time_as_a_refusal_says(play, most, message, status):
    """All vectors in one answer, each in its place; the next call is not refused."""
    p = play(provider("a"))
    p.asks(EMBEDDINGS, input=texts(70))
    assert serve(p, takes(most, refused(message, status))) == 1 + -(-70 // most)
    answer = json.loads(p.client.body)
    assert [row["embedding"][0] for row in answer["data"]] == [float(one) for one in range(70)]
    assert [row["index"] for row in answer["data"]] == list(range(70))
    assert (answer["usage"]["prompt_tokens"], answer["model"]) == (70, "m")
    p.asks(EMBEDDINGS, input=texts(70))
    assert serve(p, takes(most, 500)) == -(-70 // most)


@pytest.mark.parametrize(
    "url, most",
    [
        ("https://dashscope.aliyuncs.com/compatible-mode/v1", 10),
        ("https://api.siliconflow.cn/v1", 32),
        ("https://generativelanguage.googleapis.com/v1beta/openai", 100),
    ],
)
def test_known_vendors_are_given_no_more(play, url, most):
    p = play({"provider": "v", "base_url": url, "api": "key", "model": ["m"]})
    p.asks(EMBEDDINGS, input=texts(most + 1))
    assert serve(p, takes(most, 500)) == 2
    assert len(json.loads(p.client.body)["data"]) == most + 1


def test_tokens_of_one_text_are_one_input(play):
    p = play(provider("a"))
    p.asks(EMBEDDINGS, input=list(range(70)))
    refusal = refused("batch size is invalid, it should not be larger than 10.")
    assert serve(p, lambda path, body: refusal) == 1


def ranks(documents):
    """A reranker's answer: `t7` fits with 7, and the server numbers what it was given."""
    rows = [{"index": at, "relevance_score": float(one[1:])} for at, one in enumerate(documents)]
    rows.sort(key=lambda row: -row["relevance_score"])
    return whole({"id": "r", "results": rows, "usage": {"total_tokens": len(rows)}})


RERANK_BATCHES = [
    # Text Embeddings Inference, with 413
    (32, "batch size 70 > maximum allowed batch size 32", 413),
    (64, "too many documents: 70, the maximum is 64", 400),
    (50, "The batch size limit is 50. Your batch size is 70.", 400),
    (40, "List should have at most 40 items after validation, not 70", 422),
    (30, "documents: a request may hold at most 30 documents", 400),
]


@pytest.mark.parametrize("most, message, status", RERANK_BATCHES)
def test_so_many_documents_at_a_time_as_a_refusal_says(play, most, message, status):
    """One order over all lots, under the client's own numbers; the next call is not refused."""
    documents = texts(70)
    documents.reverse()

    def vendor(path, body):
        assert body.get("top_n", 1) <= len(body["documents"]), "some refuse to pick more"
        if len(body["documents"]) > most:
            return refused(message, status)
        return ranks(body["documents"])

    p = play(provider("a"))
    p.asks(RERANK, query="q", documents=documents, top_n=60)
    assert serve(p, vendor) == 1 + -(-70 // most)
    answer = json.loads(p.client.body)
    assert [row["index"] for row in answer["results"]] == list(range(60))
    assert answer["results"][0]["relevance_score"] == 69.0
    assert (answer["model"], p.records_of_call[0].usage.input_tokens) == ("m", 70)
    p.asks(RERANK, query="q", documents=documents, return_documents=True)
    assert serve(p, vendor) == -(-70 // most)
    rows = json.loads(p.client.body)["results"]
    assert [row["document"]["text"] for row in rows] == documents


def test_ranked_documents_that_a_server_numbers_wrongly_are_a_failed_attempt(play):
    p = play(provider("a"))
    p.asks(RERANK, query="q", documents=texts(70))
    serve(
        p,
        lambda path, body: (
            refused("batch size 70 > maximum allowed batch size 69", 413)
            if len(body["documents"]) > 69
            else whole({"results": [{"index": 69, "relevance_score": 1.0}]})
        ),
    )
    p.expects(written=None)
    assert p.client.status == 502


@pytest.mark.parametrize("form", [None, "float", "base64"])
def test_a_vector_has_no_more_dimensions_than_were_asked_for(play, form):
    """llama.cpp and LM Studio know no `dimensions`; who asks for some has an index of that size."""
    p = play(provider("a"))
    more = {} if form is None else {"encoding_format": form}
    p.asks(EMBEDDINGS, input="t1", dimensions=2, **more)
    vector = [3.0, 4.0, 12.0]
    told = base64.b64encode(array("f", vector).tobytes()).decode() if form == "base64" else vector
    rows = [{"object": "embedding", "index": 0, "embedding": told}]
    p.upstream("a#1").answers(whole({"object": "list", "data": rows, "model": "up", "usage": {}}))
    p.passes(0)
    got = json.loads(p.client.body)["data"][0]["embedding"]
    if form == "base64":
        got = array("f", base64.b64decode(got)).tolist()
    assert got == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("dimensions", [3, 4, 0, -1, "2", True])
def test_a_vector_that_is_not_longer_is_left_alone(play, dimensions):
    p = play(provider("a"))
    p.asks(EMBEDDINGS, input="t1", dimensions=dimensions)
    rows = [{"object": "embedding", "index": 0, "embedding": [3.0, 4.0, 12.0]}]
    said = whole({"object": "list", "data": rows, "model": "m", "usage": {}})
    p.upstream("a#1").answers(said)
    p.passes(0)
    assert p.client.body == said.pieces[0]


NO_BASE64 = [
    # vllm-project/vllm#5734
    {"error": {"message": "base64 encoding is not currently supported"}},
    {"error": {"message": "Unknown parameter: 'encoding_format'."}},
    {"detail": [{"loc": ["body", "encoding_format"], "msg": "Input should be 'float'"}]},
]


@pytest.mark.parametrize("refusal", NO_BASE64)
def test_base64_is_made_here_where_a_server_refuses_it(play, refusal):
    p = play(provider("a"))
    p.asks(EMBEDDINGS, input="t1", encoding_format="base64")
    vendor = lambda path, body: (  # noqa: E731
        whole(refusal, 400) if body.get("encoding_format") == "base64" else vectors(["t1"])
    )
    assert serve(p, vendor) == 2
    assert json.loads(p.client.body)["data"][0]["embedding"] == "AACAPwAAgD8="
    assert "x-uniapi-dropped" not in p.client.headers


def test_documents_are_texts_to_text_embeddings_inference(play):
    """nczz/pi-knowledge#9; its answer is a list, of all of them."""
    p = play(provider("a", path="/rerank"))

    def vendor(path, body):
        assert path == "/rerank"
        if "texts" not in body:
            return Answer([b"missing field `texts` at line 1"], 422, "text/plain")
        return whole([{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}])

    asked = {"query": "q", "documents": ["a", "b"], "top_n": 1, "return_documents": True}
    p.asks(RERANK, **asked)
    assert serve(p, vendor) == 2
    assert json.loads(p.client.body)["results"] == [
        {"index": 1, "score": 0.9, "relevance_score": 0.9, "document": {"text": "b"}}
    ]


@pytest.mark.parametrize("member, value", [("response_format", "b64_json"), ("user", "u")])
def test_a_picture_model_that_knows_less(play, member, value):
    """GPT image models behind names of others (open-webui/open-webui#13327)."""
    p = play(provider("a"))
    p.asks(IMAGES, prompt="p", **{member: value})
    vendor = lambda path, body: (  # noqa: E731
        refused(f"Unknown parameter: '{member}'.", param=member)
        if member in body
        else whole({"created": 1, "data": [{"b64_json": "aGk="}]})
    )
    assert serve(p, vendor) == 2
    assert json.loads(p.client.body)["data"] == [{"b64_json": "aGk="}]


def test_what_is_learned_of_a_pictures_form_is_not_told_of_a_chats(play):
    """A model may do both, and `response_format` is a schema there."""
    p = play(provider("a"))
    p.asks(IMAGES, prompt="p", response_format="b64_json")
    serve(
        p,
        lambda path, body: (
            refused("Unknown parameter: 'response_format'.")
            if "response_format" in body
            else whole({"data": [{"b64_json": "aGk="}]})
        ),
    )
    p.asks(response_format={"type": "json_object"})
    assert p.upstream("a#1").json["response_format"] == {"type": "json_object"}


NEVER = [
    (EMBEDDINGS, {"input": "t1", "dimensions": 2}, "dimensions"),
    (IMAGES, {"prompt": "p", "size": "1x1"}, "size"),
    (SPEECH, {"input": "t", "voice": "alloy"}, "voice"),
    (SPEECH, {"input": "t", "instructions": "slow"}, "instructions"),
    (RERANK, {"query": "q", "documents": ["a"], "top_n": 1}, "top_n"),
]


@pytest.mark.parametrize("path, asked, member", NEVER)
def test_what_was_asked_for_is_never_mended(play, path, asked, member):
    p = play(provider("a"))
    p.asks(path, **asked)
    vendor = lambda path, body: refused(f"Unknown parameter: '{member}'.", param=member)  # noqa: E731
    assert serve(p, vendor) == 1
    assert p.client.status == 400


NO_SOUND = [
    (b'{"status": "ok"}', "application/json"),
    (b"<!DOCTYPE html><html>", "text/html"),
    (b"<!DOCTYPE html><html>", "audio/mpeg"),
    (b'{"error": {"message": "no quota"}}', "audio/mpeg"),
    (b"", "audio/pcm"),
]


@pytest.mark.parametrize("data, content_type", NO_SOUND)
def test_what_is_no_sound_is_a_failed_attempt(play, data, content_type):
    """THU-MAIC/OpenMAIC#1395, ServeurpersoCom/qwentts.cpp#28."""
    p = play(provider("a"), provider("b"))
    p.asks(SPEECH, input="hi", voice="alloy")
    p.upstream("a#1").answers(Answer([data], content_type=content_type))
    p.passes(0)
    assert p.client.status != 200


def test_sound_inside_json_is_sound(play):
    p = play(provider("a"))
    p.asks(SPEECH, input="hi", voice="alloy", response_format="wav")
    p.upstream("a#1").answers(whole({"audio": "UklGRg==", "format": "wav"}))
    assert (p.client.body, p.client.headers["content-type"]) == (b"RIFF", "audio/wav")


def test_mistral_names_voices_itself(play):
    p = play({"provider": "v", "base_url": "https://api.mistral.ai/v1", "api": "k", "model": ["m"]})
    p.asks(SPEECH, input="hi", voice="nova")
    asked = p.network.take()
    assert asked.json == {
        "model": "m",
        "input": "hi",
        "response_format": "mp3",
        "voice_id": "gb_jane_neutral",
    }
    asked.answers(whole({"audio_data": "SUQz"}))
    assert (p.client.body, p.client.headers["content-type"]) == (b"ID3", "audio/mpeg")
    assert p.client.headers["x-uniapi-dropped"] == "voice"
