-- insert, one row; types 20 23 25 114 25
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") VALUES ($1, $2, $3::public.state, $4, $5);

-- upsert, one row; types 20 23 25 114 25
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") VALUES ($1, $2, $3::public.state, $4, $5);

-- update of one column, one row; types 20 23 25 114 25 25
UPDATE "public"."Order ""items""" AS t SET "State" = $6::public.state FROM (SELECT t.tableoid AS o, t.ctid AS c FROM "public"."Order ""items""" AS t WHERE t."order_id" OPERATOR(pg_catalog.=) $1 AND t."line" OPERATOR(pg_catalog.=) $2 AND (t."State" OPERATOR(pg_catalog.=) $3::public.state OR t."State" IS NULL AND $3::public.state IS NULL) AND (t."doc"::pg_catalog.text OPERATOR(pg_catalog.=) $4::pg_catalog.text OR t."doc"::pg_catalog.text IS NULL AND $4::pg_catalog.text IS NULL) AND (t."note" OPERATOR(pg_catalog.=) $5 OR t."note" IS NULL AND $5 IS NULL) LIMIT 1) AS d WHERE t.ctid = d.c AND t.tableoid = d.o;

-- update that moves the key, one row; types 20 23 25 114 25 23 25
UPDATE "public"."Order ""items""" AS t SET "line" = $6, "note" = $7 FROM (SELECT t.tableoid AS o, t.ctid AS c FROM "public"."Order ""items""" AS t WHERE t."order_id" OPERATOR(pg_catalog.=) $1 AND t."line" OPERATOR(pg_catalog.=) $2 AND (t."State" OPERATOR(pg_catalog.=) $3::public.state OR t."State" IS NULL AND $3::public.state IS NULL) AND (t."doc"::pg_catalog.text OPERATOR(pg_catalog.=) $4::pg_catalog.text OR t."doc"::pg_catalog.text IS NULL AND $4::pg_catalog.text IS NULL) AND (t."note" OPERATOR(pg_catalog.=) $5 OR t."note" IS NULL AND $5 IS NULL) LIMIT 1) AS d WHERE t.ctid = d.c AND t.tableoid = d.o;

-- delete, one row; types 20 23 25 114 25
DELETE FROM "public"."Order ""items""" AS t USING (SELECT t.tableoid AS o, t.ctid AS c FROM "public"."Order ""items""" AS t WHERE t."order_id" OPERATOR(pg_catalog.=) $1 AND t."line" OPERATOR(pg_catalog.=) $2 AND (t."State" OPERATOR(pg_catalog.=) $3::public.state OR t."State" IS NULL AND $3::public.state IS NULL) AND (t."doc"::pg_catalog.text OPERATOR(pg_catalog.=) $4::pg_catalog.text OR t."doc"::pg_catalog.text IS NULL AND $4::pg_catalog.text IS NULL) AND (t."note" OPERATOR(pg_catalog.=) $5 OR t."note" IS NULL AND $5 IS NULL) LIMIT 1) AS d WHERE t.ctid = d.c AND t.tableoid = d.o;

-- insert, arrays; types 1016 1007 1009 199 1009
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") SELECT u.c1, u.c2, u.c3::public.state, u.c4, u.c5 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS u (c1, c2, c3, c4, c5);

-- copy
COPY "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") FROM STDIN (FORMAT binary);

-- truncate
TRUNCATE "public"."Order ""items""";

