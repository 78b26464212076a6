-- insert, one row; types 20 23 25 114 25
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") VALUES ($1, $2, $3::public.state, $4, $5);

-- upsert, one row; types 20 23 25 114 25
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") VALUES ($1, $2, $3::public.state, $4, $5) ON CONFLICT ("order_id", "line") DO UPDATE SET "State" = EXCLUDED."State", "doc" = EXCLUDED."doc", "note" = EXCLUDED."note";

-- mend, one row; types 20 23 25 114 25
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") VALUES ($1, $2, $3::public.state, $4, $5) ON CONFLICT ("order_id", "line") DO UPDATE SET "State" = EXCLUDED."State", "doc" = EXCLUDED."doc", "note" = EXCLUDED."note" WHERE ROW("public"."Order ""items"""."State", "public"."Order ""items"""."doc", "public"."Order ""items"""."note")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(EXCLUDED."State", EXCLUDED."doc", EXCLUDED."note")::pg_catalog.record;

-- upsert of nothing but the key, one row; types 20 23
INSERT INTO "public"."Order ""items""" ("order_id", "line") VALUES ($1, $2) ON CONFLICT ("order_id", "line") DO NOTHING;

-- update of one column, one row; types 20 23 25
UPDATE "public"."Order ""items""" AS t SET "State" = $3::public.state WHERE t."order_id" OPERATOR(pg_catalog.=) $1 AND t."line" OPERATOR(pg_catalog.=) $2;

-- update that moves the key, one row; types 20 23 23 25
UPDATE "public"."Order ""items""" AS t SET "line" = $3, "note" = $4 WHERE t."order_id" OPERATOR(pg_catalog.=) $1 AND t."line" OPERATOR(pg_catalog.=) $2;

-- delete, one row; types 20 23
DELETE FROM "public"."Order ""items""" AS t WHERE t."order_id" OPERATOR(pg_catalog.=) $1 AND t."line" OPERATOR(pg_catalog.=) $2;

-- insert, arrays; types 1016 1007 1009 199 1009
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") SELECT u.c1, u.c2, u.c3::public.state, u.c4, u.c5 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS u (c1, c2, c3, c4, c5);

-- upsert, arrays; types 1016 1007 1009 199 1009
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") SELECT u.c1, u.c2, u.c3::public.state, u.c4, u.c5 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS u (c1, c2, c3, c4, c5) ON CONFLICT ("order_id", "line") DO UPDATE SET "State" = EXCLUDED."State", "doc" = EXCLUDED."doc", "note" = EXCLUDED."note";

-- mend, arrays; types 1016 1007 1009 199 1009
INSERT INTO "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") SELECT u.c1, u.c2, u.c3::public.state, u.c4, u.c5 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS u (c1, c2, c3, c4, c5) ON CONFLICT ("order_id", "line") DO UPDATE SET "State" = EXCLUDED."State", "doc" = EXCLUDED."doc", "note" = EXCLUDED."note" WHERE ROW("public"."Order ""items"""."State", "public"."Order ""items"""."doc", "public"."Order ""items"""."note")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(EXCLUDED."State", EXCLUDED."doc", EXCLUDED."note")::pg_catalog.record;

-- upsert of nothing but the key, arrays; types 1016 1007
INSERT INTO "public"."Order ""items""" ("order_id", "line") SELECT u.c1, u.c2 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS u (c1, c2) ON CONFLICT ("order_id", "line") DO NOTHING;

-- update of one column, arrays; types 1016 1007 1009
UPDATE "public"."Order ""items""" AS t SET "State" = u.c3::public.state FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u (c1, c2, c3) WHERE t."order_id" OPERATOR(pg_catalog.=) u.c1 AND t."line" OPERATOR(pg_catalog.=) u.c2;

-- update that moves the key, arrays; types 1016 1007 1007 1009
UPDATE "public"."Order ""items""" AS t SET "line" = u.c3, "note" = u.c4 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS u (c1, c2, c3, c4) WHERE t."order_id" OPERATOR(pg_catalog.=) u.c1 AND t."line" OPERATOR(pg_catalog.=) u.c2;

-- delete, arrays; types 1016 1007
DELETE FROM "public"."Order ""items""" AS t USING ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS u (c1, c2) WHERE t."order_id" OPERATOR(pg_catalog.=) u.c1 AND t."line" OPERATOR(pg_catalog.=) u.c2;

-- copy
COPY "public"."Order ""items""" ("order_id", "line", "State", "doc", "note") FROM STDIN (FORMAT binary);

-- truncate
TRUNCATE "public"."Order ""items""";

