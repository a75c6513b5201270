"""The words by which vendors and relays say what they refuse, continued: requests, operations,
models and their servers.
"""

from __future__ import annotations

from uniapi.canonical import FailureKind as _K

from .refusal_row import BAD, FULL, REFUSED, RefusalRow, listed

ROWS_OF_MODELS: tuple[RefusalRow, ...] = (
    # Pictures that the model cannot read, and more tools than the vendor takes: another's can
    RefusalRow(
        kind=_K.NOT_SERVED,
        over=REFUSED,
        says=listed("""
            unknown variant `image | is not a multimodal model | at most 0 image
            not support image input | not support images | image input is not supported
            'tools': array too long | 'tools' : maximum number of items | more than 128 tools
            function declarations can be specified
        """),
    ),
    # OpenAI's codes for a malformed request, whatever its message says of models
    RefusalRow(
        kind=_K.BAD_REQUEST,
        over=BAD,
        says=listed("""
            invalid_function_parameters | unsupported_parameter | unknown_parameter
            missing_required_parameter | invalid_type | invalid_image | decimal_above
            decimal_below | integer_above | integer_below | array_above | array_below | object_above
            object_below
        """),
    ),
    RefusalRow(
        kind=_K.BAD_REQUEST,
        over=BAD,
        says=listed("invalid_value"),
        unless=listed("must be verified"),
    ),
    # The model lacks what the request uses (OpenRouter)
    RefusalRow(
        kind=_K.NOT_SERVED,
        over=REFUSED,
        says=listed("""
            no endpoints found that support | no endpoints found that can handle
            no endpoints available matching | no allowed providers | not supported by any provider
            does not support tools | tool choice requires --enable-auto-tool-choice
        """),
    ),
    # A right that this key lacks
    RefusalRow(
        kind=_K.OPERATION_REFUSED,
        over=REFUSED,
        says=listed("""
            missing scopes | insufficient permissions for this operation
            permission to perform this operation
        """),
    ),
    # The operation is not for this model
    RefusalRow(
        kind=_K.NOT_SERVED,
        over=REFUSED,
        says=listed("""
            not allowed to generate embeddings | operation does not work with the specified model
            operationnotsupported | is not a chat model | not supported in the v1/
            only supported in v1/ | does not exist for router | invalid url ( | unknown request url
            does not support embeddings | does not support chat | does not support image
            method not allowed | 不支持 sse | 无权访问 embeddings | unsupported operation
            unsupported_operation
        """),
        unless=listed("does not support image input | does not support images"),
    ),
    # One model for one key: accounts, plans, tokens with lists of models
    RefusalRow(
        kind=_K.MODEL_REFUSED,
        over=REFUSED | {_K.RATE_LIMITED},
        says=listed("""
            无权访问模型 | 无权使用模型 | 无权访问该模型 | 无权使用该模型 | 没有权限使用模型
            无权限访问模型 | 没有权限访问模型 | 没有该模型的 | 暂未开放…权限
            token has no access to model | no access to model | no access to the model
            not have access to … model | not have access to model | don't have access to the model
            doesn't have access to the model | access to model denied | access to the model
            access to this model | access to the requested resource | model access is denied
            not allowed to use this model
            not allowed to sample from this model | model_access_denied | unable to access model
            not allowed to use the model | not allowed to access this model
            not allowed to access model | not allowed to use publisher model
            key not allowed … model | permission to access this model | permission to use this model
            permission to use the model | permission to use the specified resource
            no permission to use the model | aiplatform.endpoints.predict | model_permission_blocked
            model_terms_required | model_not_allowed | requested model is not allowed
            accessdenied.unpurchased | modelnotopen | not activated the model
            not available in your current plan | not available on your plan
            套餐不支持 | 套餐暂不支持
            not included in your plan | must be verified to | use case details have not been
            no_access | not authorized to perform: bedrock: … on resource
        """),
        unless=listed("""
            任何模型 | does not exist or | was not found or | make sure the correct model
        """),
    ),
    # A model that is not to be had here, in every vendor's words
    RefusalRow(
        kind=_K.MODEL_MISSING,
        over=REFUSED | FULL | {_K.UNSUPPORTED},
        says=listed("""
            model_not_found | model_decommissioned | model_not_available | unknown_model
            deploymentnotfound | servicemodeldeprecating | get_channel_failed | invalid_model
            invalid model: | invalid model ' | invalid model ` | invalid model " | model or endpoint
            not found for account | model_not_active | no such model | unknown model
            not a valid model id | model identifier is invalid | not servable in region
            on-demand throughput | resolve the foundation model | end of its life
            marked by provider as legacy | no endpoints found | no available channel
            not found the model | not found, make sure the correct model | model disabled
            rate limit of 0 | model does not exist | model * does not exist | model not exist
            model not found | model is not available | model is deprecated | model * not found
            model * is not found | model * was not found | models/* is not found
            models/* was not found | model * could not be found | models/* is no longer
            model * is not available | model * not available | model * is no longer available
            model * is not currently available | model * is in deprecation
            model * has been deprecated | model * has been decommissioned | model * has been removed
            model * has been retired | model * has been withdrawn | model * was removed on
            deprecated and no longer available | is not available. please use
            is no longer available. please | publisher model … not found
            publisher model … is not allowed | 模型不存在 | 无可用渠道 | 可用渠道失败 | 模型已下线
            模型已停用
        """),
        unless=listed("this model's | for router"),
    ),
    RefusalRow(
        kind=_K.NOT_SERVED,
        over=REFUSED | {_K.OVERLOADED, _K.SERVER_ERROR},
        says=listed("""
            unsupported model | unsupported_model | model_not_supported | model not supported
            model is not supported | model * is not supported | model * not supported
            models/* is not supported | do not support model | does not support the model
            does not support model | 不支持的模型 | 不支持该模型 | 不支持此模型 | 暂不支持模型
            模型不支持 | 模型不被支持 | 该渠道已被禁用
        """),
        unless=listed("""
            for model | by model | with model | in model | this model | for the model | by the model
            with the model | in the model | unsupported model parameter | 参数
        """),
    ),
    # The model's servers are full, whatever the key
    RefusalRow(
        kind=_K.OVERLOADED,
        over=BAD | FULL,
        says=listed("""
            engine_overloaded | engine overloaded | engine is currently | overloaded | server_busy
            serveroverloaded | server overload
            server is busy | service is busy | system is too busy | service is being relocated
            at capacity | no capacity | no instances available | capacity temporarily exceeded
            capacity_exhausted | capacity_exceeded | serving capacity | temporarily unavailable
            no healthy upstream | requestbursttoofast | request burst | 访问量过大 | 负载已饱和
            负载已经达到上限 | 负载较高 | 服务繁忙 | 系统繁忙
        """),
        unless=listed("service_tier_capacity | service tier capacity"),
    ),
    # Too fast: requests and tokens per time
    RefusalRow(
        kind=_K.RATE_LIMITED,
        over=REFUSED | FULL | {_K.TOO_LONG},
        says=listed("""
            rate limit | rate_limit | rate-limit | ratelimit | rate limited | too many requests
            too many tokens, please wait | tokens per min | tokens per day | tokens per hour
            token rate limit | tokens_per_minute | token_quota_exceeded | requests per min
            requests per day | service tier capacity | throttl | 请求频率 | 速率限制 | 频率过高
            请求过于频繁 | 限流
        """),
        unless=listed("request too large | request body too large"),
    ),
    RefusalRow(
        kind=_K.TOO_LONG,
        over=BAD | {_K.TOO_LONG, _K.SERVER_ERROR},
        says=listed("""
            context_length_exceeded | context_window_exceeded | string_above_max_length
            request_too_large | request too large | request body too large
            request payload size exceeds | request size exceeds | tokens_limit_reached
            tokens_too_long | maximum context length | context length … exceed
            context window … exceed | context size … exceed | exceed … context
            exceed … maximum number of | exceed … maximum input tokens | exceed … maximum tokens
            exceeds the maximum … tokens | exceeds the limit … tokens | exceeds maximum length
            exceeds the limit of | exceed … token limit | input tokens exceeded
            input token count … exceeds | input length and `max_tokens` exceed
            input length and max_tokens exceed | prompt is too long | prompt too long
            prompt too large | input is too long | input too long | too many tokens
            too many input tokens | reduce the length | max_new_tokens` must be
            longer than the model's context | longer than the maximum model length
            maximum prompt length is | maximum allowed input length | too long to fit
            prompt exceeds max length | range of input length | greater than the context length
            outofcontexterror | exceed max message tokens | must be less than max_seq_len
            prompt tokens too long | prompt 超长 | 输入过长 | 超出最大长度 | 上下文长度
        """),
    ),
    # What the client wrote was refused: another key of the same provider refuses it too
    RefusalRow(
        kind=_K.BAD_REQUEST,
        over=REFUSED,
        says=listed("""
            content_filter | responsibleaipolicyviolation | datainspectionfailed
            data_inspection_failed | content_policy_violation | violates usage guidelines
            violate usage guidelines | requires moderation | prompt injection | blocked by guardrail
            prompt_blocked | flagged for | sensitive_words_detected | 敏感
        """),
    ),
)
