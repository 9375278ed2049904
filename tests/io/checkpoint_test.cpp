// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/checkpoint.hpp>
#include <backfold/training/hook/trace.hpp>

#include "catch.hpp"
#include "flipped_bits.hpp"
#include "said.hpp"
#include "temporary_file.hpp"
#include "without_checksum.hpp"

namespace bf = backfold;
using Catch::Matchers::Contains;

namespace {

using Net =
    bf::Mlp<double, bf::Input<2>, bf::Dense<4, bf::Tanh>, bf::Dropout<4>, bf::Dense<1, bf::Linear>>;
const std::string path = "backfold_test.checkpoint";

struct Data {
  Eigen::MatrixXd X, Z;
  Data() : X(Eigen::MatrixXd::Zero(2, 23)), Z(1, 23) {
    bf::Random random(4);
    for (auto& x : X.reshaped()) x = bf::uniform(random, -1, 1);
    Z = X.row(0).cwiseProduct(X.row(1));
  }
  bf::Samples<double> samples() const { return {X, Z}; }
};

Net drawn() {
  Net net;
  bf::Random random(2);
  net.initialize(bf::Glorot{}, random);
  return net;
}

/// Six epochs at once, and three and three with a checkpoint between.
template <class Optimizer>
void require_same_bits(const Optimizer& optimizer) {
  std::remove(path.c_str());
  const Data data;
  Net whole = drawn(), part = drawn();
  bf::FitOptions options{.epochs = 6, .batch_size = 5};
  const bf::History expected =
      bf::fit(whole, bf::HalfSquaredError{}, optimizer, data.samples(), options);
  options.epochs = 3;
  bf::Checkpoint checkpoint(path);
  bf::fit(part, bf::HalfSquaredError{}, optimizer, data.samples(), options, checkpoint);
  options.epochs = 6;
  Net resumed = drawn();
  const bf::History got =
      bf::fit(resumed, bf::HalfSquaredError{}, optimizer, data.samples(), options, checkpoint);
  REQUIRE(resumed.parameters() == whole.parameters());
  REQUIRE(resumed.parameters() != part.parameters());
  REQUIRE(got.losses == expected.losses);
  REQUIRE(got.epoch == 6);
  std::remove(path.c_str());
}

}  // namespace

TEST_CASE("a training that goes on from a checkpoint has the bits of one never stopped") {
  require_same_bits(bf::Sgd{.learning_rate = 0.1});
  require_same_bits(bf::Momentum{.learning_rate = 0.05, .momentum = 0.9});
  require_same_bits(bf::Nesterov{.learning_rate = 0.05, .momentum = 0.9});
  require_same_bits(bf::RmsProp{.learning_rate = 0.01});
}

TEST_CASE("Adam, Rprop and clipping go on from a checkpoint") {
  require_same_bits(bf::Adam{.learning_rate = 0.01});
  require_same_bits(bf::ClipNorm{bf::Adam{.learning_rate = 0.01}, 0.1});
  require_same_bits(bf::PenalizeL2{bf::ClipNorm{bf::Momentum{.learning_rate = 0.01}, 0.1}, 1e-3});
  require_same_bits(bf::Rprop{});
}

TEST_CASE("hooks and schedules go on from a checkpoint") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  const Data data;
  const auto run = [&](bf::Index epochs, bool keeps, Net& net) {
    bf::Validate validate(data.samples(), 2);
    bf::StopEarly stop({.patience = 50}, validate);
    bf::ReduceOnPlateau plateau({.decay = 0.5, .patience = 1}, validate);
    bf::KeepBest best(validate);
    bf::Checkpoint checkpoint(path, 3, validate, plateau, stop, best);
    const bf::Adam optimizer{.learning_rate = 0.05};
    const bf::FitOptions options{.epochs = epochs, .batch_size = 1};
    if (keeps) {
      bf::fit(net, bf::HalfSquaredError{}, optimizer, data.samples(), options, validate, plateau,
              stop, best, checkpoint);
    } else {
      bf::fit(net, bf::HalfSquaredError{}, optimizer, data.samples(), options, validate, plateau,
              stop, best);
    }
    return std::pair(validate.losses(), best.epoch());
  };
  Net whole = drawn(), part = drawn(), resumed = drawn();
  const auto expected = run(40, false, whole);
  run(7, true, part);
  run(20, true, part);
  REQUIRE(run(40, true, resumed) == expected);
  REQUIRE(resumed.parameters() == whole.parameters());
}

TEST_CASE("a run that a hook has ended does not go on") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  const Data data;
  Net net = drawn(), again = drawn();
  const auto run = [&](Net& trained) {
    bf::StopEarly stop({.patience = 1, .minimum_gain = 0.01});
    bf::Checkpoint checkpoint(path, 10, stop);
    return bf::fit(trained, bf::HalfSquaredError{}, bf::Sgd{.learning_rate = 0.1}, data.samples(),
                   {.epochs = 500, .batch_size = 1}, stop, checkpoint);
  };
  const bf::History first = run(net), second = run(again);
  REQUIRE(first.status == bf::TrainingStatus::Stopped);
  REQUIRE(second.status == bf::TrainingStatus::Stopped);
  REQUIRE(first.epoch < 500);
  REQUIRE(second.epoch == first.epoch);
  REQUIRE(second.losses == first.losses);
  REQUIRE(again.parameters() == net.parameters());
}

TEST_CASE("the checkpoint of another training is refused with the first difference") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  const Data data;
  bf::Checkpoint checkpoint(path);
  const auto refused = [&](auto net, const auto& optimizer, auto&&... hooks) {
    try {
      bf::fit(net, bf::HalfSquaredError{}, optimizer, data.samples(), {.epochs = 2}, hooks...);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  REQUIRE(refused(drawn(), bf::Adam{}, checkpoint) == "nothing was thrown");
  REQUIRE_THAT(refused(drawn(), bf::Momentum{}, checkpoint),
               Contains("the optimizer is Adam in the file, Momentum in this training"));
  REQUIRE_THAT(refused(drawn(), bf::Sgd{}, checkpoint), Contains("Sgd in this training"));
  REQUIRE_THAT(refused(drawn(), bf::AdamW{}, checkpoint), Contains("AdamW in this training"));
  REQUIRE_THAT(refused(drawn(), bf::ClipNorm{bf::Adam{}, 1.0}, checkpoint),
               Contains("ClipNorm of Adam in this training"));
  bf::StopEarly stop;
  REQUIRE_THAT(refused(drawn(), bf::Adam{}, stop, bf::Checkpoint(path, 1, stop)),
               Contains("has no array \"hook0.best\""));
  using Wider = bf::Mlp<double, bf::Input<2>, bf::Dense<5, bf::Tanh>, bf::Dense<1, bf::Linear>>;
  Wider wider;
  bf::Random random(2);
  wider.initialize(bf::Glorot{}, random);
  REQUIRE_THAT(refused(wider, bf::Adam{}, checkpoint),
               Contains("layer 1: units is 4 in the file, 5 in the network"));
  REQUIRE_THAT(said([&] { bf::Checkpoint(path, 0); }), Contains("every must be >= 1, got 0"));
}

TEST_CASE("a checkpoint in a folder that does not exist is refused before the training") {
  const Data data;
  Net net = drawn();
  bf::Checkpoint checkpoint("no_such_folder/run.checkpoint", 100);
  REQUIRE_THROWS_WITH(
      bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, data.samples(), {.epochs = 2}, checkpoint),
      "no_such_folder/run.checkpoint: its folder does not exist");
  REQUIRE(net.parameters() == drawn().parameters());
}

namespace {

/// Calls check(training, bytes) for each prefix (every third) and each flipped bit (every fifth) of
/// a checkpoint that is taken as one. Returns their number.
template <class Check>
int resumed_damages(const std::string& content, const Data& data, const Check& check) {
  int loaded = 0;
  const auto try_load = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    Net net = drawn();
    bf::Training resumed(net, bf::HalfSquaredError{}, bf::Sgd{}, data.samples(), {});
    bf::Checkpoint checkpoint(path);
    try {
      check(resumed, checkpoint.begin(resumed));
      ++loaded;
    } catch (const std::exception& error) {
      REQUIRE(error.what()[0] != '\0');
    }
  };
  for (std::size_t n = 0; n < content.size(); ++n) try_load(content.substr(0, n));
  REQUIRE(loaded == 0);
  for_each_flipped_bit(content, try_load);
  return loaded;
}

}  // namespace

TEST_CASE("a checkpoint whose epoch cannot be is refused, and the training can begin") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  const Data data;
  Net net = drawn();
  bf::Training training(net, bf::HalfSquaredError{}, bf::Sgd{}, data.samples(), {});
  bf::Checkpoint checkpoint(path);
  checkpoint.after_epoch(training, {.epoch = 1, .loss = 0, .samples = 23});
  const auto with_epoch = [&](std::int64_t epoch) {
    const bf::TensorFile read(path);
    bf::TensorWriter writer;
    for (const bf::TensorInfo& t : read.tensors()) {
      if (t.name == "training.epoch") {
        writer.add(t.name, t.shape, &epoch);
      } else if (t.type == "I64") {
        writer.add(t.name, t.shape, read.read_integers(t.name).data());
      } else {
        writer.add(t.name, t.shape, read.read<double>(t.name).data());
      }
    }
    for (const auto& [key, text] : read.metadata()) writer.set_metadata(key, text);
    writer.write(path);
    return said([&] {
      try {
        checkpoint.begin(training);
      } catch (const std::runtime_error& error) {
        throw std::invalid_argument(error.what());
      }
    });
  };
  REQUIRE(with_epoch(-1) == path + ": training: the epoch cannot be -1");
  REQUIRE(training.epoch() == 0);
  REQUIRE(with_epoch(std::numeric_limits<std::int64_t>::max()) ==
          path +
              ": \"training.epoch\" holds 9223372036854775807, expected at most "
              "4611686018427387904 in size");
  REQUIRE(with_epoch(5) == "nothing was thrown");
  REQUIRE(training.epoch() == 5);
}

TEST_CASE("a checkpoint with a flipped bit is refused, or gives the training that was kept") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  const Data data;
  bf::Checkpoint checkpoint(path);
  Net net = drawn();
  bf::Training training(net, bf::HalfSquaredError{}, bf::Sgd{}, data.samples(), {.batch_size = 8});
  training.run(1, checkpoint);
  const std::string content = content_of(path);
  const TemporaryFile again("backfold_again.checkpoint");
  bf::Checkpoint rewritten(again.path);
  const int kept = resumed_damages(content, data, [&](auto& resumed, bool goes_on) {
    REQUIRE(goes_on);
    rewritten.after_epoch(resumed, {.epoch = 1, .loss = 0, .samples = 23});
    REQUIRE(content_of(again.path) == content);
  });
  REQUIRE(kept > 0);  // a letter of the checksum's key
  const int taken = resumed_damages(without_checksum(content), data, [](const auto&, bool) {});
  REQUIRE(taken > 10 * kept);  // damages of numbers that only a checksum finds
}

TEST_CASE("a resumed Trace has the records of one that was not stopped") {
  std::remove(path.c_str());
  const Data data;
  auto traced = [&](bf::Index epochs, bool saves) {
    Net net = drawn();
    bf::Trace trace(data.samples(), {.every = 2});
    bf::Checkpoint checkpoint(path, 1, trace);
    const bf::FitOptions options{.epochs = epochs, .batch_size = 5};
    if (saves) {
      bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, data.samples(), options, trace, checkpoint);
    } else {
      bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, data.samples(), options, trace);
    }
    std::vector<double> values;
    trace.for_each_value([&](const char*, const std::vector<double>& v) {
      for (const double x : v) values.push_back(x == x ? x : 0.5);  // NaN are not equal
    });
    return values;
  };
  const auto whole = traced(6, false);
  traced(3, true);
  REQUIRE(traced(6, true) == whole);
  REQUIRE(whole.size() == 16 * (1 + 3 * 10));
  std::remove(path.c_str());
}
