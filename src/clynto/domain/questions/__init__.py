"""Larry's questions: a closed language of typed queries, its two written forms, and English in both directions."""
