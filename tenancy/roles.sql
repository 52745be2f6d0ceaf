-- The roles of one PostgreSQL cluster. Run by a superuser, or by a login with CREATEROLE; running it again changes nothing.
-- Passwords of the two logins, the database and its owner are set by `python -m rozoom_support.local roles`,
-- or by hand as docs/operations.md says.

DO $$
DECLARE
    audience text;
    login text;
    -- Since PostgreSQL 16 a membership says for itself that it is not inherited; before, only NOINHERIT on the login did.
    membership text := CASE WHEN current_setting('server_version_num')::int >= 160000
                       THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
BEGIN
    -- Roles belong to the cluster: two databases prepared at once must not create them twice.
    PERFORM pg_advisory_xact_lock(hashtext('rozoom roles'));

    FOREACH audience IN ARRAY ARRAY['owner', 'customer', 'reseller', 'supplier', 'staff', 'worker', 'deputy'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rozoom_' || audience) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', 'rozoom_' || audience);
        END IF;
    END LOOP;

    FOREACH login IN ARRAY ARRAY['rozoom_app', 'rozoom_migrate'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', login);
        END IF;
        -- Somebody may have changed them since. Only a superuser may take these three away again.
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = login AND (rolsuper OR rolbypassrls OR rolreplication)) THEN
            EXECUTE format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOREPLICATION', login);
        END IF;
        IF EXISTS (SELECT FROM pg_roles
                   WHERE rolname = login AND (rolinherit OR rolcreatedb OR rolcreaterole OR NOT rolcanlogin)) THEN
            EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT NOCREATEDB NOCREATEROLE', login);
        END IF;
    END LOOP;

    FOREACH audience IN ARRAY ARRAY['customer', 'reseller', 'supplier', 'staff', 'worker', 'deputy'] LOOP
        EXECUTE format('GRANT %I TO rozoom_app', 'rozoom_' || audience) || membership;
    END LOOP;
    EXECUTE 'GRANT rozoom_owner TO rozoom_migrate' || membership;
    -- The deputy has the worker's rights; restrictive policies confine it to one customer (tenancy/operations.py).
    GRANT rozoom_worker TO rozoom_deputy;

    IF pg_has_role('rozoom_app', 'rozoom_owner', 'MEMBER') THEN
        REVOKE rozoom_owner FROM rozoom_app;
    END IF;
END
$$;
