"""A query planner behind any chat endpoint that speaks OpenAI's protocol."""
