"""From English to a typed query without a model: words, phrases, names and dates, then one closed set of readings."""
