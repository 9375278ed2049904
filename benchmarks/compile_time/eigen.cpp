// SPDX-License-Identifier: MIT
// What a user of Eigen pays already.
#include <Eigen/Dense>

int main() {}
