"""Everything on SQLite or PostgreSQL: SQLAlchemy Core tables, stores, read models, units of work and migrations."""
