"""The tables of the jobs: made when the file is opened, if they are not there."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    application TEXT NOT NULL,
    session TEXT NOT NULL,
    method TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    progress TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    error TEXT,
    artifacts TEXT NOT NULL DEFAULT '[]',
    key TEXT,
    digest TEXT
);
DROP INDEX IF EXISTS jobs_key;
CREATE UNIQUE INDEX IF NOT EXISTS jobs_keys ON jobs (owner, application, session, key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS jobs_listed ON jobs (number, owner, application, session, method, state);
CREATE INDEX IF NOT EXISTS jobs_open ON jobs (number) WHERE state IN ('queued', 'running');
CREATE INDEX IF NOT EXISTS jobs_finished ON jobs (finished) WHERE finished IS NOT NULL;
CREATE TABLE IF NOT EXISTS calls (job TEXT PRIMARY KEY, call TEXT NOT NULL, webhook TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (
    job TEXT NOT NULL, name TEXT NOT NULL, result TEXT NOT NULL, PRIMARY KEY (job, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    job TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (job, number)
) WITHOUT ROWID;
"""
