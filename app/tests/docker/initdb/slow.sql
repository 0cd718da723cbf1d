-- For these seconds a temporary server answers, which is then stopped.
SELECT pg_sleep(5);
