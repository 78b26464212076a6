// SPDX-License-Identifier: Apache-2.0
// The only file that includes Asio and Beast.
#include "io/http_server.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "base/log.h"
#include "base/text.h"

namespace weft {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// What all connections share; touched on the server's thread only.
struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
  size_t connections = 0;
};

HttpRequest plain_request(http::request<http::string_body>& request) {
  HttpRequest plain;
  plain.method = std::string(request.method_string());
  const std::string_view target(request.target().data(), request.target().size());
  const size_t question = target.find('?');
  plain.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) plain.query = std::string(target.substr(question + 1));
  for (const auto& field : request) {
    std::string name(field.name_string());
    std::ranges::transform(
        name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    plain.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  plain.body = std::move(request.body());
  return plain;
}

// One connection: reads a request, answers, and again while the client wants so.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }

  ~Connection() { --shared_.connections; }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max));
    parser_->body_limit(shared_.options.body_bytes_max);
    stream_.expires_after(shared_.options.timeout);
    http::async_read(
        stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, size_t) { self->on_read(error); });
  }

 private:
  void on_read(error_code error) {
    if (!error) return answer(respond(), parser_->keep_alive());
    if (error == http::error::body_limit) return answer({413, "text/plain", "the body is too large\n"}, false);
    if (error == http::error::header_limit) return answer({431, "text/plain", "the headers are too large\n"}, false);
    if (error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return answer({400, "text/plain", "this is not HTTP\n"}, false);
    }
  }

  HttpResponse respond() {
    try {
      return shared_.handler(plain_request(parser_->get()));
    } catch (const std::exception& e) {
      log_error(cat("http: answering failed: ", e.what()));
      return {500, "text/plain", "internal error\n"};
    }
  }

  void answer(const HttpResponse& plain, bool keep_alive) {
    response_ = {};
    response_.result(static_cast<unsigned>(plain.status));
    response_.version(parser_->get().version() == 10 ? 10 : 11);
    response_.set(http::field::content_type, plain.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : plain.headers) response_.set(name, value);
    const bool head = parser_->is_header_done() && parser_->get().method() == http::verb::head;
    if (!head) response_.body() = plain.body;
    response_.prepare_payload();
    if (head) response_.content_length(plain.body.size());
    response_.keep_alive(keep_alive);
    stream_.expires_after(shared_.options.timeout);
    http::async_write(stream_, response_, [self = shared_from_this(), keep_alive](error_code error, size_t) {
      if (error) return;
      if (keep_alive) return self->read();
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    });
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, HttpHandler handler) : shared_{options, std::move(handler)} {}

  ~Impl() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status listen() {
    address_ = shared_.options.address;
    error_code error;
    const auto ip = asio::ip::make_address(address_.host, error);
    if (!error) acceptor_.open(ip.is_v4() ? tcp::v4() : tcp::v6(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind({ip, address_.port}, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Error(Blame::kConfig,
                   cat("can't listen on ",
                       address_.text(),
                       ": ",
                       error.message(),
                       "; choose another address with --http, or --http off"));
    }
    address_.port = acceptor_.local_endpoint().port();
    return ok();
  }

  void run() {
    accept();
    thread_ = std::thread([this] {
      try {
        context_.run();
      } catch (const std::exception& e) {
        log_error(cat("http: the server stopped: ", e.what()));
      }
    });
  }

  [[nodiscard]] const HttpAddress& address() const { return address_; }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return accept_later();  // for example no file descriptors left
      if (shared_.connections < shared_.options.connections_max) {
        std::make_shared<Connection>(std::move(socket), shared_)->read();
      }
      accept();
    });
  }

  void accept_later() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  Shared shared_;  // before the context: connections that it still holds count themselves out
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  HttpAddress address_;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

const HttpAddress& HttpServer::address() const {
  return impl_->address();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerOptions& options, HttpHandler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  TRY(impl->listen());
  impl->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace weft
