"""Work and shared pace through Redis: rq, an embedded server, the request budget. The only home of Redis and rq."""
