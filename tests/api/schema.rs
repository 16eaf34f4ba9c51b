//! The migrations, both ways, and `src/schema.rs` beside the database that they make.
use std::collections::BTreeMap;

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use haat::db::migrate;

use crate::support::database;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}
async fn lines(url: &str, sql: &str) -> Vec<String> {
    let mut conn = AsyncPgConnection::establish(url).await.unwrap();
    diesel::sql_query(sql).load::<Line>(&mut conn).await.unwrap().into_iter().map(|l| l.line).collect()
}

/// All that a migration can make: columns, constraints, indexes, functions, triggers, extensions.
const EVERYTHING: &str = "
    SELECT line FROM (
      SELECT format('column %s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'S')
      UNION ALL SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT format('function %s %s', p.oid::regprocedure, md5(p.prosrc)) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
      UNION ALL SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT format('extension %s', extname) FROM pg_extension
      UNION ALL SELECT format('type %s', typname) FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
    ) everything WHERE line NOT LIKE '%__diesel_schema_migrations%' ORDER BY line";

/// Down step by step to nothing, then up again: on the way up each step must look as it did on the way down.
#[actix_web::test]
async fn every_migration_is_reversible() {
    let t = database().await;
    let mut seen = vec![lines(&t.url, EVERYTHING).await];
    while migrate::down_one(&t.url).unwrap().is_some() {
        seen.push(lines(&t.url, EVERYTHING).await);
    }
    assert!(seen.len() > 5, "{} steps", seen.len());
    assert_eq!(seen.pop().unwrap(), ["extension plpgsql"], "what no down.sql removes");
    while let Some(name) = migrate::up_one(&t.url).unwrap() {
        let (now, before) = (lines(&t.url, EVERYTHING).await, seen.pop().unwrap());
        let differs: Vec<_> = now.iter().filter(|l| !before.contains(l)).chain(before.iter().filter(|l| !now.contains(l))).collect();
        assert_eq!(differs, Vec::<&String>::new(), "the down.sql above {name} does not undo its up.sql");
    }
    assert_eq!(seen.len(), 0);
}

/// A table as `src/schema.rs` writes it: its name with its key, and each column with its type.
type Tables = BTreeMap<String, Vec<String>>;

const COLUMNS: &str = "
    SELECT format('%s (%s)|%s -> %s', c.relname, k.columns, a.attname,
             CASE WHEN a.attnotnull THEN '' ELSE '?' END || format_type(a.atttypid, a.atttypmod)) AS line
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN LATERAL (SELECT string_agg(ka.attname, ', ' ORDER BY array_position(i.indkey::smallint[], ka.attnum)) AS columns FROM pg_index i
        JOIN pg_attribute ka ON ka.attrelid = c.oid AND ka.attnum = ANY (i.indkey::smallint[]) WHERE i.indrelid = c.oid AND i.indisprimary) k ON true
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '__diesel_schema_migrations'
        AND format_type(a.atttypid, a.atttypmod) <> 'tsvector' -- Only SQL searches it.
      ORDER BY c.relname, a.attnum";

fn rust_type(sql: &str) -> String {
    if let Some(inner) = sql.strip_prefix('?') {
        return format!("Nullable<{}>", rust_type(inner));
    }
    if let Some(inner) = sql.strip_suffix("[]") {
        return format!("Array<{}>", rust_type(inner));
    }
    match sql {
        "uuid" => "Uuid",
        "text" => "Text",
        "boolean" => "Bool",
        "smallint" => "Int2",
        "integer" => "Int4",
        "bigint" => "Int8",
        "bytea" => "Bytea",
        "jsonb" => "Jsonb",
        "date" => "Date",
        "timestamp with time zone" => "Timestamptz",
        other => other,
    }
    .to_owned()
}

async fn in_database(url: &str) -> Tables {
    let mut tables = Tables::new();
    for line in lines(url, COLUMNS).await {
        let (table, column) = line.split_once('|').unwrap();
        let (name, sql) = column.split_once(" -> ").unwrap();
        tables.entry(table.to_owned()).or_default().push(format!("{name} -> {}", rust_type(sql)));
    }
    tables
}
fn in_code(schema: &str) -> Tables {
    let mut tables = Tables::new();
    for body in schema.split("diesel::table! {").skip(1) {
        let mut inside = body.lines().map(str::trim).filter(|l| !l.is_empty()).take_while(|l| *l != "}");
        let head = inside.next().unwrap().trim_end_matches('{').trim().to_owned();
        let mut columns: Vec<String> = Vec::new();
        let mut renamed = None;
        for line in inside {
            if let Some(name) = line.strip_prefix("#[sql_name = \"") {
                renamed = Some(name.trim_end_matches("\"]").to_owned());
            } else if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ") {
                columns.push(format!("{} -> {kind}", renamed.take().unwrap_or_else(|| name.to_owned())));
            }
        }
        tables.insert(head, columns);
    }
    tables
}
fn differences(code: &Tables, database: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    for (table, columns) in database {
        match code.get(table) {
            None => found.push(format!("src/schema.rs lacks {table}")),
            Some(known) if known != columns => found.push(format!("{table}: src/schema.rs has {known:?}, the database {columns:?}")),
            Some(_) => {}
        }
    }
    found.extend(code.keys().filter(|table| !database.contains_key(*table)).map(|table| format!("the database lacks {table}")));
    found
}

#[actix_web::test]
async fn the_schema_in_code_is_the_databases() {
    let t = database().await;
    let code = in_code(include_str!("../../src/schema.rs"));
    assert_eq!(differences(&code, &in_database(&t.url).await), Vec::<String>::new());
}

#[actix_web::test]
async fn control_a_schema_that_lags_behind_is_found() {
    let t = database().await;
    let mut conn = AsyncPgConnection::establish(&t.url).await.unwrap();
    conn.batch_execute("ALTER TABLE fx_rates ADD COLUMN note text; CREATE TABLE extra (id uuid CONSTRAINT extra_pkey PRIMARY KEY)").await.unwrap();
    let found = differences(&in_code(include_str!("../../src/schema.rs")), &in_database(&t.url).await);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("extra (id)") && found[1].contains("note -> Nullable<Text>"), "{found:?}");
}
