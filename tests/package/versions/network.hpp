// SPDX-License-Identifier: MIT
#pragma once

/// What the program knows of its network: no type of Backfold's or Eigen's.
class Network {
 public:
  virtual ~Network() = default;
  virtual void step(const float* x, float* y) = 0;
};
extern "C" Network* make_network(unsigned seed);
extern "C" int register_bytes();
