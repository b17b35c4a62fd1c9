"""Published version -> suggestions: the serving side of the knowledge base."""
