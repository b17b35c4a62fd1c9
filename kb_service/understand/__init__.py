"""Messages of a case -> facts, personal data, emotion, wish, party, signals, slots."""
