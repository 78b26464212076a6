// SPDX-License-Identifier: Apache-2.0
// ProcessLife: whether the simulated weft process lives. A killed process may still unwind inside a step; from the moment
// of death nothing that its adapters are asked for reaches the world. One thread.
#pragma once

namespace weft::sim {

struct ProcessLife {
  bool dead = false;
  bool cut_off = false;  // split brain: it lives, but its lease is not renewed
};

}  // namespace weft::sim
