// SPDX-License-Identifier: Apache-2.0
// long file: one grammar, whose rules call each other; cut in two it would need a header of its own.
#include "codec/mysql_binlog/ddl.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "codec/mysql_binlog/sql_tokens.h"

namespace weft::mysql_binlog {
namespace {

constexpr std::string_view kHarmlessVerbs[] = {
    "GRANT",   "REVOKE",    "SET",        "FLUSH",  "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK",    "CHECKSUM",
    "INSTALL", "UNINSTALL", "USE",        "LOCK",   "UNLOCK",  "CHANGE",   "START",  "STOP",     "RESET",
    "PURGE",   "KILL",      "SHUTDOWN",   "CACHE",  "SHOW",    "EXPLAIN",  "DESC",   "DESCRIBE", "HELP",
    "BINLOG",  "PREPARE",   "DEALLOCATE", "BACKUP", "CLONE",   "RESTART",  "SIGNAL", "RESIGNAL",
};

constexpr std::string_view kStoredCodeVerbs[] = {
    "CALL", "DO", "SELECT", "EXECUTE", "VALUES", "IMPORT", "TABLE", "HANDLER"};

// What CREATE, ALTER and DROP can be about.
constexpr std::string_view kObjects[] = {
    "TABLE",    "TABLES",  "DATABASE",  "SCHEMA",   "INDEX",   "VIEW",     "TRIGGER",    "PROCEDURE",
    "FUNCTION", "EVENT",   "USER",      "ROLE",     "SERVER",  "SEQUENCE", "TABLESPACE", "LOGFILE",
    "RESOURCE", "PACKAGE", "REFERENCE", "INSTANCE", "LIBRARY", "PREPARE",
};

bool is_any(const SqlToken& token, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return token.is(word); });
}

template <size_t kCount>
bool is_any(const SqlToken& token, const std::string_view (&words)[kCount]) {
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) { return token.is(word); });
}

class Classifier {
 public:
  Classifier(std::string_view sql, std::string_view database, const SqlDialect& dialect)
      : tokens_(sql, dialect), database_(database) {}

  Statement run() {
    statement();
    return std::move(out_);
  }

 private:
  void statement();
  bool transaction_control(const SqlToken& verb);
  bool rows(const SqlToken& verb);
  void set();
  void create();
  void create_table();
  void alter();
  void drop();
  void rename();
  void xa();
  void unknown();

  // The object that a CREATE, ALTER or DROP is about, past the words before it; `temporary` if that word came.
  std::string object(bool& temporary);
  void skip_existence();
  // A table name: "t" or "db.t".
  std::optional<TableRef> table();
  void add_table();
  void add_list();
  // Every table behind a word TABLE, and behind RENAME.
  void add_mentioned();
  // What an ALTER TABLE adds and renames.
  void alter_actions();
  void add_columns();
  void add_column();
  void change_column();
  void read_default(NewColumn& column);
  void add_after(std::string_view word);
  void add_names_until(std::initializer_list<std::string_view> words);
  std::string xid_part();

  SqlTokens tokens_;
  std::string database_;
  bool nested_ = false;    // in a SET STATEMENT
  bool replaces_ = false;  // CREATE OR REPLACE: what was there is dropped
  Statement out_;
};

void Classifier::statement() {
  while (tokens_.skip_sign('(')) {
  }
  const SqlToken verb = tokens_.next();
  if (verb.end() || transaction_control(verb) || rows(verb)) return;
  if (verb.is("CREATE")) {
    create();
  } else if (verb.is("ALTER")) {
    alter();
  } else if (verb.is("DROP")) {
    drop();
  } else if (verb.is("RENAME")) {
    rename();
  } else if (verb.is("TRUNCATE")) {
    tokens_.skip("TABLE");
    out_.verb = Verb::kTruncate;
    add_table();
  } else if (verb.is("SET")) {
    set();
  } else if (is_any(verb, kStoredCodeVerbs)) {
    out_.verb = Verb::kStoredCode;
  } else if (!is_any(verb, kHarmlessVerbs)) {
    unknown();
  }
}

bool Classifier::transaction_control(const SqlToken& verb) {
  if (verb.is("BEGIN") || (verb.is("START") && tokens_.peek().is("TRANSACTION"))) {
    out_.verb = Verb::kBegin;
  } else if (verb.is("COMMIT")) {
    out_.verb = Verb::kCommit;
  } else if (verb.is("ROLLBACK")) {
    tokens_.skip("WORK");
    if (tokens_.skip("TO")) {
      tokens_.skip("SAVEPOINT");
      out_.verb = Verb::kRollbackTo;
      out_.savepoint = tokens_.next().text;
    } else {
      out_.verb = Verb::kRollback;
    }
  } else if (verb.is("SAVEPOINT")) {
    out_.verb = Verb::kSavepoint;
    out_.savepoint = tokens_.next().text;
  } else if (verb.is("RELEASE")) {
    out_.verb = Verb::kRelease;
  } else if (verb.is("XA")) {
    xa();
  } else {
    return false;
  }
  return true;
}

void Classifier::xa() {
  const SqlToken phase = tokens_.next();
  if (is_any(phase, {"START", "BEGIN"})) out_.verb = Verb::kXaStart;
  if (phase.is("END")) out_.verb = Verb::kXaEnd;
  if (phase.is("PREPARE")) out_.verb = Verb::kXaPrepare;
  if (phase.is("COMMIT")) out_.verb = Verb::kXaCommit;
  if (phase.is("ROLLBACK")) out_.verb = Verb::kXaRollback;
  out_.xid.global = xid_part();
  if (!tokens_.skip_sign(',')) return;
  out_.xid.branch = xid_part();
  if (!tokens_.skip_sign(',')) return;
  const std::string digits = tokens_.next().text;
  std::from_chars(digits.data(), digits.data() + digits.size(), out_.xid.format);
}

std::string Classifier::xid_part() {
  const SqlToken token = tokens_.next();
  const bool text = token.shape == SqlToken::Shape::kString || token.shape == SqlToken::Shape::kHexString;
  return text ? token.text : std::string();
}

bool Classifier::rows(const SqlToken& verb) {
  if (verb.is("INSERT") || verb.is("REPLACE")) {
    while (is_any(tokens_.peek(), {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"})) tokens_.next();
    add_table();
  } else if (verb.is("UPDATE")) {
    while (is_any(tokens_.peek(), {"LOW_PRIORITY", "IGNORE"})) tokens_.next();
    add_names_until({"SET"});
  } else if (verb.is("DELETE")) {
    while (is_any(tokens_.peek(), {"LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY"})) tokens_.next();
    add_names_until({"WHERE", "ORDER", "LIMIT", "RETURNING"});
  } else if (verb.is("LOAD")) {
    add_after("TABLE");
  } else {
    return false;
  }
  out_.verb = Verb::kRows;
  return true;
}

// SET STATEMENT variable = value, ... FOR statement (MariaDB) is that statement; any other SET changes no table.
void Classifier::set() {
  if (!tokens_.skip("STATEMENT")) return;
  while (!tokens_.peek().end() && !tokens_.peek().is("FOR")) tokens_.next();
  if (tokens_.skip("FOR") && !nested_) {
    nested_ = true;
    statement();
  }
}

std::string Classifier::object(bool& temporary) {
  constexpr int kWordsBefore = 32;  // OR REPLACE DEFINER=... SQL SECURITY ..., UNIQUE, ONLINE ...
  for (int i = 0; i < kWordsBefore && !tokens_.peek().end(); ++i) {
    const SqlToken token = tokens_.next();
    temporary |= token.is("TEMPORARY");
    replaces_ |= token.is("REPLACE");
    for (const std::string_view object : kObjects) {
      if (token.is(object)) return std::string(object);
    }
  }
  return {};
}

void Classifier::skip_existence() {
  if (!tokens_.skip("IF")) return;
  tokens_.skip("NOT");
  tokens_.skip("EXISTS");
}

void Classifier::create() {
  bool temporary = false;
  const std::string what = object(temporary);
  if (what == "TABLE") {
    if (!temporary) create_table();
  } else if (what == "INDEX") {
    out_.verb = Verb::kSchema;
    add_after("ON");
  } else if (what == "DATABASE" || what == "SCHEMA") {
    out_.verb = Verb::kDatabase;
    skip_existence();
    out_.tables.push_back({tokens_.next().text, ""});
  }
}

void Classifier::create_table() {
  out_.verb = Verb::kSchema;
  out_.creates = true;
  out_.drops = replaces_;
  skip_existence();
  add_table();
  // With a query, the statement writes rows that no row event tells of.
  for (; !tokens_.peek().end(); tokens_.next()) {
    const bool as = tokens_.peek().is("AS");
    if (as) tokens_.next();
    const bool query = tokens_.peek().is("SELECT") || (as && is_any(tokens_.peek(), {"TABLE", "VALUES", "WITH"}));
    if (query) out_.verb = Verb::kRows;
  }
}

void Classifier::alter() {
  bool temporary = false;
  if (object(temporary) != "TABLE") return;
  out_.verb = Verb::kSchema;
  skip_existence();
  add_table();
  const SqlTokens actions = tokens_;
  alter_actions();
  tokens_ = actions;
  add_mentioned();
}

// ADD, CHANGE and RENAME are reserved words: outside of brackets, unquoted, they begin an action.
void Classifier::alter_actions() {
  int depth = 0;
  while (!tokens_.peek().end()) {
    const SqlToken token = tokens_.next();
    depth += token.sign('(') ? 1 : token.sign(')') ? -1 : 0;
    if (depth != 0) continue;
    if (token.is("ADD")) add_columns();
    if (token.is("CHANGE")) change_column();
    if (token.is("RENAME")) out_.renames |= !is_any(tokens_.peek(), {"INDEX", "KEY", "CONSTRAINT"});
  }
}

void Classifier::change_column() {
  tokens_.skip("COLUMN");
  skip_existence();
  const std::string before = tokens_.next().text;
  out_.renames |= tokens_.peek().text != before;
}

void Classifier::add_columns() {
  constexpr std::string_view kNoColumns[] = {"INDEX",
                                             "KEY",
                                             "UNIQUE",
                                             "PRIMARY",
                                             "FULLTEXT",
                                             "SPATIAL",
                                             "CONSTRAINT",
                                             "FOREIGN",
                                             "CHECK",
                                             "PARTITION",
                                             "PERIOD",
                                             "SYSTEM"};
  if (is_any(tokens_.peek(), kNoColumns)) return;
  tokens_.skip("COLUMN");
  skip_existence();
  if (!tokens_.skip_sign('(')) {
    add_column();
    return;
  }
  do {
    const bool column = !is_any(tokens_.peek(), kNoColumns);
    add_column();  // steps over it
    if (!column) out_.added.pop_back();
  } while (tokens_.skip_sign(','));
  tokens_.skip_sign(')');
}

void Classifier::read_default(NewColumn& column) {
  const bool minus = tokens_.skip_sign('-');
  const SqlToken value = tokens_.peek();
  const bool number = value.shape == SqlToken::Shape::kNumber;
  column.kind = AddedColumn::Default::kOther;
  if (!number && (value.shape != SqlToken::Shape::kString || minus)) return;
  column.text = (minus ? "-" : "") + tokens_.next().text;
  if (number && tokens_.skip_sign('.')) column.text += "." + tokens_.next().text;
  // Whatever goes on with a sign is an expression.
  const SqlToken& next = tokens_.peek();
  if (next.shape != SqlToken::Shape::kSign || next.sign(',') || next.sign(')')) {
    column.kind = AddedColumn::Default::kLiteral;
  }
}

// One definition, up to the comma or bracket behind it.
void Classifier::add_column() {
  NewColumn column;
  column.name = tokens_.next().text;
  int depth = 0;
  while (!tokens_.peek().end()) {
    if (depth == 0 && (tokens_.peek().sign(',') || tokens_.peek().sign(')'))) break;
    const SqlToken token = tokens_.next();
    depth += token.sign('(') ? 1 : token.sign(')') ? -1 : 0;
    if (depth == 0 && is_any(token, {"AS", "GENERATED", "AUTO_INCREMENT", "SERIAL", "REF_SYSTEM_ID"})) {
      column.kind = AddedColumn::Default::kOther;
    }
    if (depth == 0 && token.is("NOT") && tokens_.peek().is("NULL")) column.not_null = true;
    if (depth != 0 || !token.is("DEFAULT") || column.kind == AddedColumn::Default::kOther) continue;
    if (!tokens_.skip("NULL")) read_default(column);
  }
  out_.added.push_back(std::move(column));
}

void Classifier::add_mentioned() {
  while (!tokens_.peek().end()) {
    const SqlToken token = tokens_.next();
    if (token.is("TABLE")) {
      add_table();
    } else if (token.is("RENAME") && !is_any(tokens_.peek(), {"COLUMN", "INDEX", "KEY", "CONSTRAINT", "PARTITION"})) {
      if (is_any(tokens_.peek(), {"TO", "AS"})) {
        tokens_.next();
      } else {
        tokens_.skip_sign('=');
      }
      add_table();
    }
  }
}

void Classifier::drop() {
  bool temporary = false;
  const std::string what = object(temporary);
  if (what == "TABLE" || what == "TABLES") {
    if (temporary) return;
    out_.verb = Verb::kSchema;
    out_.drops = true;
    skip_existence();
    add_list();
  } else if (what == "INDEX") {
    out_.verb = Verb::kSchema;
    add_after("ON");
  } else if (what == "DATABASE" || what == "SCHEMA") {
    out_.verb = Verb::kDatabase;
    out_.drops = true;
    skip_existence();
    out_.tables.push_back({tokens_.next().text, ""});
  }
}

void Classifier::rename() {
  if (!is_any(tokens_.peek(), {"TABLE", "TABLES"})) return;
  tokens_.next();
  skip_existence();
  out_.verb = Verb::kSchema;
  out_.renames = true;
  add_table();
  while (!tokens_.peek().end()) {
    if (tokens_.skip("TO") || tokens_.skip_sign(',')) {
      add_table();
    } else {
      tokens_.next();
    }
  }
}

void Classifier::unknown() {
  out_.verb = Verb::kUnknown;
  add_names_until({});
}

std::optional<TableRef> Classifier::table() {
  if (!tokens_.peek().name()) return std::nullopt;
  TableRef ref{database_, tokens_.next().text};
  if (tokens_.skip_sign('.') && !tokens_.peek().end()) {
    ref.schema = std::move(ref.table);
    ref.table = tokens_.next().text;
  }
  return ref;
}

void Classifier::add_table() {
  std::optional<TableRef> ref = table();
  if (ref && std::find(out_.tables.begin(), out_.tables.end(), *ref) == out_.tables.end()) {
    out_.tables.push_back(*std::move(ref));
  }
}

void Classifier::add_list() {
  add_table();
  while (tokens_.skip_sign(',')) add_table();
}

void Classifier::add_after(std::string_view word) {
  while (!tokens_.peek().end() && !tokens_.peek().is(word)) tokens_.next();
  if (tokens_.skip(word)) add_table();
}

void Classifier::add_names_until(std::initializer_list<std::string_view> words) {
  // Reserved: unquoted they are no names.
  constexpr std::string_view kBetween[] = {
      "FROM", "USING", "JOIN", "INNER", "LEFT", "RIGHT", "OUTER", "CROSS", "NATURAL", "STRAIGHT_JOIN", "ON", "AS"};
  while (!tokens_.peek().end() && !is_any(tokens_.peek(), words)) {
    if (tokens_.peek().name() && !is_any(tokens_.peek(), kBetween)) {
      add_table();
    } else {
      tokens_.next();
    }
  }
}

}  // namespace

Statement classify(std::string_view sql, std::string_view database, const SqlDialect& dialect) {
  return Classifier(sql, database, dialect).run();
}

}  // namespace weft::mysql_binlog
