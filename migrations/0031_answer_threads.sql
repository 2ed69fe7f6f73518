-- SPDX-License-Identifier: Apache-2.0
-- Answers to answers count with those to the content that began the thread (docs/policy.md §5.3): who answers their own
-- answer, again and again, had no limit.

-- The content that began it; NULL of what answers nothing.
ALTER TABLE content ADD COLUMN thread uuid;
WITH RECURSIVE line AS (
    SELECT c.tenant, c.content, c.answers AS thread
    FROM content c
    WHERE c.answers IS NOT NULL
      AND NOT EXISTS (SELECT FROM content a WHERE a.tenant = c.tenant AND a.content = c.answers AND a.answers IS NOT NULL)
    UNION ALL
    SELECT c.tenant, c.content, l.thread
    FROM line l JOIN content c ON c.tenant = l.tenant AND c.answers = l.content
)
UPDATE content c SET thread = l.thread FROM line l WHERE c.tenant = l.tenant AND c.content = l.content;
ALTER TABLE content ADD CHECK ((thread IS NULL) = (answers IS NULL));
DROP INDEX content_by_answered;
CREATE INDEX content_by_thread ON content (tenant, thread, content) WHERE thread IS NOT NULL;

-- As in 0020, but for `thread`, whose answers are counted: those who answer within one stand in line.
DROP FUNCTION answer_check(uuid, uuid, bigint, text[], uuid[], bigint[], uuid, bytea, integer, text, bigint, bigint);
CREATE FUNCTION answer_check(of_tenant uuid, of_content uuid, mark bigint, addresses text[], scopes uuid[], epochs bigint[],
                             of_request uuid, hash bytea, life_s integer, reader text, reader_most bigint,
                             thread_most bigint, OUT problem integer, OUT shut_out text[], OUT of_thread uuid)
LANGUAGE plpgsql AS $$
DECLARE
    answered content%ROWTYPE;
    known content%ROWTYPE;
    since constant timestamptz := now() - interval '1 hour';
BEGIN
    SELECT * INTO answered FROM content c WHERE c.tenant = of_tenant AND c.content = of_content FOR NO KEY UPDATE;
    shut_out := answered.revoked_users;
    of_thread := coalesce(answered.thread, of_content);
    IF answered.content IS NULL OR answered.revoked_at IS NOT NULL OR answered.amendment_mark <> mark
       OR answered.revoked_users && addresses
       OR EXISTS (SELECT FROM unnest(scopes, epochs) AS k (scope, epoch) LEFT JOIN epoch e ON e.scope = k.scope
                  WHERE coalesce(e.epoch, 0) <> k.epoch) THEN
        problem := 1;
        RETURN;
    END IF;
    IF of_request IS NOT NULL THEN
        SELECT * INTO known FROM content c WHERE c.tenant = of_tenant AND c.request_id = of_request;
        IF FOUND THEN
            problem := CASE WHEN known.request_hash IS DISTINCT FROM hash OR known.key_version IS NULL
                                 OR known.created_at <= now() - make_interval(secs => life_s) THEN 4
                            WHEN known.revoked_at IS NOT NULL OR known.revoked_users && addresses THEN 5
                            ELSE 3 END;
            RETURN;
        END IF;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(format('chancery answers %s %s', of_tenant, of_thread), 0));
    SELECT CASE WHEN count(*) >= thread_most OR count(*) FILTER (WHERE c.answered_by = reader) >= reader_most
                THEN 2 ELSE 0 END INTO problem
    FROM content c WHERE c.tenant = of_tenant AND c.thread = of_thread AND c.created_at > since;
END
$$;
GRANT EXECUTE ON FUNCTION answer_check(uuid, uuid, bigint, text[], uuid[], bigint[], uuid, bytea, integer, text, bigint,
                                       bigint) TO chancery_server, chancery_node;
