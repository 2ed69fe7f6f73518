-- SPDX-License-Identifier: Apache-2.0
-- Answers of readers without an account (docs/policy.md §5.3): content that was made by answering other content.

-- Which content it answers, and who has answered: the reader's address, who owns nothing of it.
ALTER TABLE content ADD COLUMN answers uuid, ADD COLUMN answered_by text;
CREATE INDEX content_by_answered ON content (tenant, answers, content) WHERE answers IS NOT NULL;

-- May this content be answered once more? Whoever asks holds its row until the end of the transaction, so that who revokes or
-- amends it waits, and of several who answer each counts what the one before has made.
-- problem: 0 it may; 1 what was decided on doesn't hold any more; 2 too many answers; of a request id that is known: 3 the
-- same request, 4 another one or too late, 5 what it has made is revoked. shut_out: of whom the content is revoked.
CREATE FUNCTION answer_check(of_tenant uuid, of_content uuid, mark bigint, addresses text[], scopes uuid[], epochs bigint[],
                             of_request uuid, hash bytea, life_s integer, reader text, reader_most bigint,
                             content_most bigint, OUT problem integer, OUT shut_out text[]) LANGUAGE plpgsql AS $$
DECLARE
    answered content%ROWTYPE;
    known content%ROWTYPE;
    since constant timestamptz := now() - interval '1 hour';
BEGIN
    SELECT * INTO answered FROM content c WHERE c.tenant = of_tenant AND c.content = of_content FOR NO KEY UPDATE;
    shut_out := answered.revoked_users;
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
    SELECT CASE WHEN count(*) >= content_most OR count(*) FILTER (WHERE c.answered_by = reader) >= reader_most
                THEN 2 ELSE 0 END INTO problem
    FROM content c WHERE c.tenant = of_tenant AND c.answers = of_content AND c.created_at > since;
END
$$;
GRANT EXECUTE ON FUNCTION answer_check(uuid, uuid, bigint, text[], uuid[], bigint[], uuid, bytea, integer, text, bigint,
                                       bigint) TO chancery_server, chancery_node;

-- A list without `middle` of its entries behind the first ones.
CREATE FUNCTION without_middle(list bigint[], first integer, middle integer) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT list[:first] || list[first + middle + 1:]
$$;
GRANT EXECUTE ON FUNCTION without_middle(bigint[], integer, integer) TO chancery_server, chancery_node;
