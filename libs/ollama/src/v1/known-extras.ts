/** Fields that clients of several servers send along whatever the route, and that Ollama's `/v1` routes do not read. */
export const EXTRAS =
  'top_k min_p repeat_penalty keep_alive options think num_ctx format truncate chat_template_kwargs cache_prompt';

/** Of OpenAI's own fields, those of all its routes that Ollama 0.34.4 does not read. */
export const OPENAI_IGNORED =
  'user store metadata service_tier safety_identifier prompt_cache_key prompt_cache_retention';
