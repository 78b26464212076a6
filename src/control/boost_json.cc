// SPDX-License-Identifier: Apache-2.0
// Boost.JSON's own code, compiled once: Debian ships no library of it.
#include <boost/json/src.hpp>
