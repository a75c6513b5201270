"""uni-api: one endpoint in front of every LLM provider a person has keys for.

The map. A request is a value that walks through rooms; only `gateway` (the network), `server` (HTTP
in), `config` (reading the file) and `storage` (the data dir) have a door outside.

    bytes ─> server/front       path → dialect and operation, client key → principal, body
             reception          credits, candidates, pins, limits, moderation, plan
             gateway/executor   ask the plan, build, send, feed a pipe, commit, record
                 routing/plan       which channel and credential next, after which failure      (no
                 I/O)
                 gateway/route      relay or translate: what is sent
                 (pure)
                 engines/           address, credential, meaning of an error; facts as rows
                 (pure)
                 dialects/          wire format ↔ the one language
                 (pure)
                 gateway/pipes      upstream's bytes → client's bytes, with a report
                 (sans-I/O)
             server/reply       written, drained, hang-ups noticed
             stats/recorder     counted, journalled, priced

    canonical/   the one language: requests, parts, stream events, usage, failures      imports
    nothing
    wire/        frames, HTTP values, JSON patches                                       imports
    nothing
    config/      api.yaml → frozen values, every problem at once
    operations/  images, audio, embeddings, rerank, moderation: small codecs
    limits/      counting against rates
    storage/     atomic files, journal, lock

    cli → serve (the process) → configuration (first one, reloads) → app (joins everything) →
    snapshot (what one configuration means), reception (a call's way in), kept_windows (long rate
    limits across restarts) commands (with live_check), statistics, selfcheck: the commands that
    only read

A first reading: this page, `app`, `reception`, `gateway/executor`, `canonical/events`, one
dialect's `stream`. The import rules are a test: tests/architecture/test_layers.py.
"""
