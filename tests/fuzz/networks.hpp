// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"

/// Networks that are saved as seeds and that the fuzzer's files are loaded into.
using FuzzMlp = backfold::Mlp<float, backfold::Input<2>, backfold::Dense<3, backfold::Tanh>,
                              backfold::Dropout<3>, backfold::Dense<2, backfold::Softmax>>;
using FuzzRnn =
    backfold::Rnn<double, backfold::Input<1>,
                  backfold::Dense<2, backfold::Elu, backfold::SelfRecurrent<1>>, backfold::Gru<2>,
                  backfold::Dense<1, backfold::Linear, backfold::From<0>>>;
using FuzzText = backfold::Rnn<float, backfold::Input<1>, backfold::Embedding<2, 3>,
                               backfold::MinGru<2>, backfold::LayerNorm<2>,
                               backfold::Residual<2, 1>, backfold::Dense<3, backfold::Softmax>>;

template <class Net>
Net drawn() {
  Net net;
  backfold::Random random(7);
  net.initialize(backfold::Uniform{-1, 1}, random);
  return net;
}

/// A training whose checkpoint has the state of Adam, the order of samples and a hook.
struct FuzzTraining {
  using Net = backfold::Mlp<double, backfold::Input<1>, backfold::Dense<2, backfold::Tanh>,
                            backfold::Dense<1, backfold::Linear>>;

  Eigen::RowVectorXd X = Eigen::RowVectorXd::LinSpaced(5, -1, 1), Z = X.cwiseAbs2();
  Net net = drawn<Net>();
  backfold::StopEarly stop{{.patience = 3}};
  using Training = decltype(backfold::Training(
      std::declval<Net&>(), backfold::HalfSquaredError{}, backfold::Adam{},
      std::declval<backfold::Samples<double>>(), backfold::FitOptions{}));
  Training training{net,
                    backfold::HalfSquaredError{},
                    backfold::Adam{},
                    backfold::Samples<double>(X, Z),
                    {.batch_size = 2}};
};
