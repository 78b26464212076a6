// SPDX-License-Identifier: Apache-2.0
// http_get: asks a weft process on this machine or network something, once. Blocks at most about `timeout` per step
// (connect, send, each read). For our own API only: no TLS, no redirects, no compression.
#pragma once

#include <string>

#include "base/clock.h"
#include "io/http.h"

namespace weft {

// `token`: sent as a bearer token when not empty. Errors are kTransient.
[[nodiscard]] Result<HttpResponse> http_get(const HttpAddress& address,
                                            const std::string& path,
                                            const std::string& token,
                                            Duration timeout);

}  // namespace weft
