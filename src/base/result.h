// SPDX-License-Identifier: Apache-2.0
// Result<T> and Status: errors as values, with std::expected's names, classified by who must act.
//
//   Result<File> opened = File::open(path);
//   if (!opened) return std::move(opened).error().with("opening the journal");
//   TRY_ASSIGN(auto bytes, opened->read_all());
//
// Blame is decided once, where a foreign error enters (an adapter's error table); policy switches on Blame only.
// Values are plain and belong to whoever holds them; no thread rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weft {

// Who must act on an error.
enum class Blame : uint8_t {
  kTransient,  // nobody: retry with backoff
  kConflict,   // nobody: retry after what it depends on (foreign key, lock)
  kData,       // this change can't be applied: dead letter or stop
  kConfig,     // a human: settings, grants, schema
  kCancelled,  // asked to stop
  kBug,        // us: stop the process, restart is the tested path
};

[[nodiscard]] std::string_view to_string(Blame blame);

// An error: who must act, and what an operator reads. `code` is the vendor's (SQLSTATE, errno), 0-length if none.
class [[nodiscard]] Error {
 public:
  Error(Blame blame, std::string message, std::string code = {})
      : blame_(blame), message_(std::move(message)), code_(std::move(code)) {}

  [[nodiscard]] Blame blame() const { return blame_; }

  [[nodiscard]] const std::string& message() const { return message_; }

  [[nodiscard]] const std::string& code() const { return code_; }

  // The source's table that it is about ("shop.t"); empty: none, or several. For programs: the message names it as well.
  [[nodiscard]] const std::string& table() const { return table_; }

  // The same error, told from one level further out: "context: message".
  [[nodiscard]] Error with(std::string_view context) const {
    return Error(blame_, std::string(context) + ": " + message_, code_).about(table_);
  }

  [[nodiscard]] Error about(std::string table) const {
    Error error = *this;
    error.table_ = std::move(table);
    return error;
  }

 private:
  Blame blame_;
  std::string message_;
  std::string code_;
  std::string table_;
};

// A T or an Error. REQUIRES for value(), *, ->: has_value().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }

  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & { return std::get<0>(state_); }

  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }

  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }

  T& operator*() & { return value(); }

  const T& operator*() const& { return value(); }

  T&& operator*() && { return std::move(*this).value(); }

  T* operator->() { return &value(); }

  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }

  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;

  Status(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }

  explicit operator bool() const { return has_value(); }

  [[nodiscard]] const Error& error() const& { return *error_; }

  [[nodiscard]] Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

[[nodiscard]] inline Status ok() {
  return Status();
}

}  // namespace weft

#define WEFT_CONCAT_INNER(a, b) a##b
#define WEFT_CONCAT(a, b) WEFT_CONCAT_INNER(a, b)

// Returns the error of a Status or Result from the enclosing function.
#define TRY(expression)                                                              \
  do {                                                                               \
    if (auto weft_try = (expression); !weft_try) return std::move(weft_try).error(); \
  } while (false)

// Declares or assigns from a Result, or returns its error.
#define TRY_ASSIGN(declaration, expression) \
  TRY_ASSIGN_INNER(declaration, expression, WEFT_CONCAT(weft_result_, __LINE__))
#define TRY_ASSIGN_INNER(declaration, expression, name) \
  auto name = (expression);                             \
  if (!name) return std::move(name).error();            \
  declaration = std::move(name).value()
