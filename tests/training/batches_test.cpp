// SPDX-License-Identifier: MIT
#include "backfold/training/batches.hpp"

#include <algorithm>

#include "catch.hpp"

namespace bf = backfold;
using bf::Index;

namespace {

struct Fixture {
  Eigen::MatrixXd X = Eigen::MatrixXd::Random(2, 10);
  Eigen::MatrixXd Z = Eigen::MatrixXd::Random(1, 10);
  Eigen::RowVectorXd weights = Eigen::RowVectorXd::LinSpaced(10, 1, 2);
  bf::Sequences<double> plain = bf::Samples(X, Z);
  bf::Sequences<double> weighted = bf::Samples(X, Z, weights);
};

/// Calls f(batches, i, batch) for all batches of up to 4 of an epoch.
template <class Function>
void for_batches(const bf::Sequences<double>& data, bool shuffle, const Function& f) {
  bf::detail::Batches<bf::Sequences<double>, double> batches(data,
                                                             {.batch_size = 4, .shuffle = shuffle});
  bf::detail::BatchBuffer<double> buffer(batches.first(), 4);
  batches.begin_epoch();
  for (Index i = 0; i < 10; i += 4) {
    f(batches, i, batches.take(i, std::min(Index{4}, 10 - i), buffer));
  }
}

}  // namespace

TEST_CASE("a batch has the samples of its positions in the order") {
  const Fixture data;
  for (const bool shuffle : {false, true}) {
    for (const auto& source : {data.plain, data.weighted}) {
      CAPTURE(shuffle, source.weights != nullptr);
      for_batches(source, shuffle, [&](const auto& batches, Index i, const auto& batch) {
        REQUIRE(batch.batch() == std::min(Index{4}, 10 - i));
        for (Index b = 0; b < batch.batch(); ++b) {
          const auto one = batches[i + b];
          CHECK(batch.inputs.column(b)[0] == one.inputs.column(0)[0]);
          CHECK(batch.inputs.column(b)[1] == one.inputs.column(0)[1]);
          CHECK(batch.targets.column(b)[0] == one.targets.column(0)[0]);
          CHECK((batch.weights == nullptr) == (one.weights == nullptr));
          if (one.weights != nullptr) {
            CHECK(batch.weights[b * batch.weight_stride] == one.weights[0]);
          }
        }
      });
    }
  }
}

TEST_CASE("a batch of adjacent samples without weights is not copied") {
  const Fixture data;
  for_batches(data.plain, false, [&](const auto&, Index i, const auto& batch) {
    CHECK(batch.inputs.data() == data.X.col(i).data());
    CHECK(batch.targets.data() == data.Z.col(i).data());
  });
}
