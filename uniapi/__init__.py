"""uni-api: one endpoint in front of every LLM provider a person has keys for."""
