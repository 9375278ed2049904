// SPDX-License-Identifier: MIT
// Networks that tests/scripts/torch_exchange.py sends through PyTorch and back.
//
// usage: torch_model write|read FOLDER
#include <backfold/backfold.hpp>
#include <backfold/io/safetensors.hpp>
#include <cstdio>

namespace bf = backfold;
using bf::Dense;
using bf::Input;

template <class S>
using Mlp =
    bf::Mlp<S, Input<3>, Dense<5, bf::Tanh>, Dense<4, bf::LeakyRelu>, Dense<2, bf::Softmax>>;
template <class S>
using Elman = bf::Rnn<S, Input<3>, Dense<4, bf::Tanh, bf::Recurrent<>>,
                      Dense<4, bf::Tanh, bf::Recurrent<>>, Dense<2, bf::Linear>>;
template <class S>
using Lstm = bf::Rnn<S, Input<3>, bf::Lstm<4>, bf::Lstm<4>, Dense<2, bf::Linear>>;
template <class S>
using Gru = bf::Rnn<S, Input<3>, bf::Gru<4>, bf::Gru<4>, Dense<2, bf::Sigmoid, bf::NoBias>>;

int failures = 0;

/// Compares what comes back from torch, bit by bit, and outputs of a network of torch's.
template <class Net>
void read(const std::string& path, const Net& sent) {
  Net back = sent, theirs = sent;
  back.parameters().setZero();
  bf::load(path + "_back", back);
  const bool same = (back.parameters().array() == sent.parameters().array()).all();
  const bf::ModelInfo info = bf::load(path + "_torch", theirs);
  const Eigen::MatrixXd outputs = bf::detail::outputs_for(theirs, info.example);
  const double difference = (outputs - info.example_outputs).cwiseAbs().maxCoeff();
  const double allowed = sizeof(typename Net::Scalar) == 8 ? 1e-12 : 1e-6;
  std::printf("%s: %s, outputs differ from torch's by %g\n", path.c_str(),
              same ? "same bits" : "other bits", difference);
  failures += !same || !(difference <= allowed);
}

template <class Net>
void exchange(const std::string& path, bool writes) {
  Net net;
  bf::Random random(5);
  net.initialize(bf::Uniform{-1, 1}, random);
  net.template weights<1>().array() *= typename Net::Scalar(0.7);
  if (writes) {
    bf::save(path, net);
  } else {
    read(path, net);
  }
}

/// A network in whose many outputs large terms cancel, so that roundings show.
void write_cancelling(const std::string& path) {
  bf::Mlp<float, Input<20>, Dense<100, bf::Tanh>, Dense<500, bf::Linear>> net;
  bf::Random random(6);
  net.initialize(bf::Glorot{}, random);
  net.weights<2>() *= 1e4f;
  bf::save(path, net);
}

int main(int, char** arguments) {
  const bool writes = std::string(arguments[1]) == "write";
  const std::string folder = std::string(arguments[2]) + "/";
  try {
    exchange<Mlp<double>>(folder + "mlp_double", writes);
    exchange<Mlp<float>>(folder + "mlp_float", writes);
    exchange<Elman<double>>(folder + "rnn_double", writes);
    exchange<Elman<float>>(folder + "rnn_float", writes);
    exchange<Lstm<double>>(folder + "lstm_double", writes);
    exchange<Lstm<float>>(folder + "lstm_float", writes);
    exchange<Gru<double>>(folder + "gru_double", writes);
    exchange<Gru<float>>(folder + "gru_float", writes);
    if (writes) write_cancelling(folder + "cancelling");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return failures;
}
