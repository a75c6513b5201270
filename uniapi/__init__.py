"""uni-api: one endpoint in front of every LLM provider a person has keys for.

The map. A call only ever runs down; what stands deeper is asked by what stands above it.

    bytes ─> server/front          path → dialect and operation, client key → principal, body
             gateway/reception     candidates, pins, limits, money, moderation, plan
             gateway/executor      the loop: ask the plan, build, send, feed a pipe, record
                 routing/plan          which channel and credential next, after which failure
                 gateway/route         relay or translate: what is sent
                 pipes/                upstream's bytes → client's bytes, with a report
                 network/              the door to the upstreams
                 engines/              address, credential, meaning of an error; facts as rows
                 dialects/             wire format ↔ the one language; `fit`
             server/reply          written, drained, hang-ups noticed
             stats/recorder        counted, journalled, priced

    canonical/   the one language: requests, parts, stream events, usage, failures
    wire/        frames, HTTP values, JSON patches
    config/      api.yaml → frozen values, every problem at once
    operations/  images, audio, embeddings, rerank, moderation: small codecs
    limits/      counting against rates
    money/       prices, bills, calendar periods, prompt caches
    storage/     atomic files, journal, lock
    inspection/  the last requests in full, where that is asked for

Beside the rooms: `cli` → `serve` (the process) → `configuration` (the first one, reloads) → `app`
(joins everything: `snapshots` is what a reload swaps, `kept_state` what outlives a restart,
`money_now` what is spent, `client_models` who may ask for what, `owner_watch` what the owner is
told). `scheduler` runs timed work. `commands` has a module for each other command, `logs` the log.

A first reading: this page, docs/design.md, `app`, `gateway/reception`, `gateway/executor`,
`canonical/events`, one dialect's `stream_decode`. The import rules are a test:
tests/architecture/test_layers.py.
"""
