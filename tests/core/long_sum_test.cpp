// SPDX-License-Identifier: MIT
#include "backfold/core/long_sum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "backfold/activation/linear.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/core/diagonal.hpp"
#include "backfold/core/product.hpp"
#include "backfold/core/random.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/input.hpp"
#include "backfold/loss/from_net_input.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/network/network.hpp"
#include "catch.hpp"

namespace bf = backfold;
using bf::Dynamic;
using bf::Index;

namespace {

using Numbers = std::vector<float>;

/// A few units of the last place for each doubling of a million terms. All terms alike round alike,
/// so that errors do not cancel.
constexpr double bound = 3 * 20 * 0x1p-23;

/// The largest relative difference of `count` numbers from one.
double distance(const float* numbers, Index count, double from) {
  double worst = 0;
  for (Index i = 0; i < count; ++i) {
    const double d = std::abs(double(numbers[i]) / from - 1);
    worst = d <= worst ? worst : d;
  }
  return worst;
}

bf::MatrixView<float> view(Numbers& numbers, Index rows, Index cols, Index stride) {
  return {numbers.data(), rows, cols, stride};
}

Numbers scratch_for(Index m, Index k, Index n) {
  return Numbers(static_cast<std::size_t>(bf::detail::product_scratch<float>(m, k, n)));
}

constexpr float tenth = 0.1f;
constexpr float third = 1.0f / 3;

}  // namespace

TEST_CASE("a sum in runs has each term once, for every number of runs") {
  for (const Index n : {0, 1, 2, 255, 4095, 4096, 4097, 4352, 4353, 16383, 16384, 16385, 16641,
                        64 * 64 * 256 - 1, 64 * 64 * 256, 64 * 64 * 256 + 1, 3 * 64 * 64 * 256}) {
    CAPTURE(n);
    auto terms = [](Index first, Index count) {
      double sum = 0;
      for (Index i = first; i < first + count; ++i) sum += double(i + 1);
      return sum;
    };
    CHECK(bf::detail::sum_in_runs(n, terms) == 0.5 * double(n) * double(n + 1));
    bf::detail::LongSum sum;
    for (Index i = 0; i < n; ++i) sum.add(double(i + 1));
    CHECK(sum.total() == 0.5 * double(n) * double(n + 1));
    auto part = [](Index row, Index rows, Index, Index count, double* sums) {
      for (Index i = 0; i < rows; ++i) sums[i] = double((row + i) * count);
    };
    double y[130];
    std::fill_n(y, 130, 1.0);
    bf::detail::add_long_sums(Index{130}, n, bf::detail::longest_run, y, part);
    bool right = true;
    for (Index i = 0; i < 130; ++i) right = right && y[i] == 1 + double(i * n);
    CHECK(right);
  }
}

TEST_CASE("the digits of a counter of runs fit where they are to fit") {
  using Runs = bf::detail::RunSums<float>;
  for (const Index n : {4097, 16128, 16129, 16384, 16385, 1 << 20, (1 << 20) + 1, 1 << 22}) {
    CAPTURE(n);
    Numbers digits(std::size_t(Runs::levels(n)) + 1, -1.0f);
    Runs runs;
    const float one = 1;
    for (Index first = 0; first < n; first += bf::detail::longest_run) {
      runs.add(1, digits.data(), &one);
    }
    CHECK(digits.back() == -1);
    float total = 0;
    runs.add_total(1, digits.data(), &total);
    CHECK(Index(total) == (n + bf::detail::longest_run - 1) / bf::detail::longest_run);
  }
  CHECK(Runs::levels((std::numeric_limits<Index>::max)()) <= Runs::most_levels);
}

TEST_CASE("gradients over very many columns are as accurate as those over some hundred") {
  // Views of stride 0: all columns are the same one.
  const Index n = Index{1} << 20;
  for (const auto& [m, k] :
       std::vector<std::pair<Index, Index>>{{1, 1}, {1, 5}, {3, 1}, {2, 3}, {16, 4}, {21, 9}}) {
    CAPTURE(m, k);
    Numbers d(std::size_t(m + 64), tenth), x(std::size_t(k), third);
    Numbers g(std::size_t(m * k)), b(static_cast<std::size_t>(m)), scratch = scratch_for(m, k, n);
    bf::detail::outer(view(d, m, n, 0), view(x, k, n, 0), view(g, m, k, m), scratch.data());
    CHECK(distance(g.data(), m * k, double(n) * tenth * third) <= bound);
    bf::detail::row_sums(view(d, m, n, 0), b.data());
    CHECK(distance(b.data(), m, double(n) * tenth) <= bound);
    if (m != k) continue;
    Numbers u(static_cast<std::size_t>(m));
    bf::detail::add_diagonal_outer(view(d, m, n, 0), view(x, m, n, 0), u.data());
    CHECK(distance(u.data(), m, double(n) * tenth * third) <= bound);
  }
}

TEST_CASE("a diagonal gradient over very many columns is as accurate as one over some hundred") {
  const Index n = Index{1} << 22;
  Numbers d(21, tenth), x(21, third), g(21, 1.0f);
  bf::detail::add_diagonal_outer(view(d, 21, n, 0), view(x, 21, n, 0), g.data());
  CHECK(distance(g.data(), 21, 1 + double(n) * tenth * third) <= bound);
}

TEST_CASE("a row of very many numbers is summed as accurately as one of some hundred") {
  const Index n = (Index{1} << 22) + 3;
  Numbers d(std::size_t(n), tenth), x(std::size_t(n), third), scratch = scratch_for(1, 1, n);
  float g = 0, b = 0;
  bf::detail::row_sums(view(d, 1, n, 1), &b);
  CHECK(distance(&b, 1, double(n) * tenth) <= bound);
  bf::detail::outer(view(d, 1, n, 1), view(x, 1, n, 1), bf::MatrixView<float>(&g, 1, 1),
                    scratch.data());
  CHECK(distance(&g, 1, double(n) * tenth * third) <= bound);
}

TEST_CASE("ones beyond 2^24 are counted") {
  const Index n = Index{1} << 25;
  Numbers one(64, 1.0f), scratch = scratch_for(1, 1, n);
  float g = 0, b = 0, u = 0;
  bf::detail::outer(view(one, 1, n, 0), view(one, 1, n, 0), bf::MatrixView<float>(&g, 1, 1),
                    scratch.data());
  bf::detail::row_sums(view(one, 1, n, 0), &b);
  bf::detail::add_diagonal_outer(view(one, 1, n, 0), view(one, 1, n, 0), &u);
  CHECK(g == 0x1p25f);
  CHECK(b == 0x1p25f);
  CHECK(u == 0x1p25f);
}

TEST_CASE("units with very many inputs are as accurate as those with some hundred") {
  const Index k = Index{1} << 20;
  Numbers x(std::size_t(k), third), row(std::size_t(k), tenth);
  for (const Index m : {1, 2, 5, 16, 21, 70}) {
    for (const Index n : {1, 2, 5}) {
      CAPTURE(m, n);
      Numbers w(std::size_t(m + 64), tenth), bias(std::size_t(m), 1.0f), y(std::size_t(m * n));
      Numbers scratch = scratch_for(m, k, n);
      const double expected = 1 + double(k) * tenth * third;
      auto start = bf::detail::StartAtBias<float>{bias.data()};
      bf::detail::affine(view(w, m, k, 0), view(x, k, n, 0), view(y, m, n, m), start,
                         bf::Unchanged{}, scratch.data());
      CHECK(distance(y.data(), m * n, expected) <= bound);
      bf::detail::affine(view(w, m, k, 0), bf::ConstMatrixView<float, Dynamic, 1>(x.data(), k, 1),
                         bf::MatrixView<float, Dynamic, 1>(y.data(), m, 1), start, bf::Unchanged{},
                         scratch.data());
      CHECK(distance(y.data(), m, expected) <= bound);
      if (m > 1) continue;
      bf::detail::affine(view(row, 1, k, 1), view(x, k, n, 0), view(y, 1, n, 1), start,
                         bf::Unchanged{}, scratch.data());
      CHECK(distance(y.data(), n, expected) <= bound);
      bf::detail::affine(view(row, 1, k, 1), bf::ConstMatrixView<float, Dynamic, 1>(x.data(), k, 1),
                         bf::MatrixView<float, 1, 1>(y.data(), 1, 1), start, bf::Unchanged{},
                         scratch.data());
      CHECK(distance(y.data(), 1, expected) <= bound);
    }
  }
}

TEST_CASE("an error that comes back from very many units is as accurate as from some hundred") {
  const Index m = Index{1} << 20;
  Numbers d(std::size_t(m), third), w(std::size_t(m), tenth);
  const double expected = double(m) * tenth * third;
  for (const Index k : {1, 3, 16, 21}) {
    for (const Index n : {1, 2, 5}) {
      CAPTURE(k, n);
      Numbers y(std::size_t(k * n)), scratch = scratch_for(m, k, n), column(std::size_t(k + 64));
      bf::detail::back(view(w, m, k, 0), view(d, m, n, 0), view(y, k, n, k),
                       bf::detail::StartAtZero{}, scratch.data());
      CHECK(distance(y.data(), k * n, expected) <= bound);
      bf::detail::back(view(w, m, k, 0), bf::ConstMatrixView<float, Dynamic, 1>(d.data(), m, 1),
                       bf::MatrixView<float, Dynamic, 1>(y.data(), k, 1), bf::detail::StartAtZero{},
                       scratch.data());
      CHECK(distance(y.data(), k, expected) <= bound);
      std::fill(column.begin(), column.end(), tenth);
      bf::detail::back(bf::detail::AlreadyTransposed{view(column, k, m, 0)}, view(d, m, n, 0),
                       view(y, k, n, k), bf::detail::StartAtZero{}, scratch.data());
      CHECK(distance(y.data(), k * n, expected) <= bound);
    }
  }
}

TEST_CASE("long sums of random numbers of both signs are those of double") {
  const Index n = 300001;
  bf::Random random(17);
  Numbers d(std::size_t(7 * n)), x(std::size_t(5 * n));
  for (float& v : d) v = float(bf::uniform(random, -1, 1));
  for (float& v : x) v = float(bf::uniform(random, -1, 1));
  Numbers g(7 * 5), b(7), scratch = scratch_for(7, 5, n);
  bf::detail::outer(view(d, 7, n, 7), view(x, 5, n, 5), view(g, 7, 5, 7), scratch.data());
  bf::detail::row_sums(view(d, 7, n, 7), b.data());
  for (Index i = 0; i < 7; ++i) {
    double row = 0;
    for (Index c = 0; c < n; ++c) row += double(d[std::size_t(7 * c + i)]);
    CHECK(double(b[std::size_t(i)]) == Approx(row).margin(1e-6 * double(n)));
    for (Index j = 0; j < 5; ++j) {
      double sum = 0;
      for (Index c = 0; c < n; ++c) {
        sum += double(d[std::size_t(7 * c + i)]) * double(x[std::size_t(5 * c + j)]);
      }
      CHECK(double(g[std::size_t(i + 7 * j)]) == Approx(sum).margin(1e-6 * double(n)));
    }
  }
}

TEST_CASE("deep products leave what lies around their outputs and scratch alone") {
  for (const Index m : {21, 100}) {
    for (const Index n : {2, 130, 300}) {
      for (const Index k : {513, 1025, 4096, 4097, 8300}) {
        CAPTURE(m, n, k);
        bf::Random random(3);
        const Index size = bf::kernel::panel_scratch<float>(k, n);
        Numbers w(std::size_t((m + 64) * k)), x(std::size_t(k * n)),
            y(std::size_t(m * n + 8), 7.0f);
        Numbers scratch(std::size_t(size + 8), 7.0f);
        for (float& v : w) v = float(bf::uniform(random, -1, 1));
        for (float& v : x) v = float(bf::uniform(random, -1, 1));
        bf::detail::affine(view(w, m, k, m), view(x, k, n, k), view(y, m, n, m),
                           bf::detail::StartAtZero{}, bf::Unchanged{}, scratch.data());
        bool good = true;
        for (Index i = 0; i < m; i += 7) {
          for (Index j = 0; j < n; j += 9) {
            double sum = 0;
            for (Index l = 0; l < k; ++l) {
              sum += double(w[std::size_t(i + l * m)]) * double(x[std::size_t(l + j * k)]);
            }
            good = good && std::abs(sum - double(y[std::size_t(i + j * m)])) < 5e-4;
          }
        }
        CHECK(good);
        for (std::size_t i = 0; i < 8; ++i) {
          CHECK(y[std::size_t(m * n) + i] == 7);
          CHECK(scratch[std::size_t(size) + i] == 7);
        }
      }
    }
  }
}

TEST_CASE("deep sums over columns leave what lies around their outputs and scratch alone") {
  for (const Index m : {3, 21, 200, 430}) {
    for (const Index n : {2, 130, 520}) {
      for (const Index k : {100, 513, 4097, 8300}) {
        CAPTURE(m, n, k);
        bf::Random random(4);
        const Index size = bf::kernel::outer_scratch<float>(m, n, k);
        Numbers d(std::size_t(m * k)), x(std::size_t(n * k)), g(std::size_t(m * n + 8), 7.0f);
        Numbers scratch(std::size_t(size + 8), 7.0f);
        for (float& v : d) v = float(bf::uniform(random, -1, 1));
        for (float& v : x) v = float(bf::uniform(random, -1, 1));
        bf::detail::outer(view(d, m, k, m), view(x, n, k, n), view(g, m, n, m), scratch.data());
        bool good = true;
        for (Index i = 0; i < m; i += 41) {
          for (Index j = 0; j < n; j += 37) {
            double sum = 0;
            for (Index l = 0; l < k; ++l) {
              sum += double(d[std::size_t(i + l * m)]) * double(x[std::size_t(j + l * n)]);
            }
            good = good && std::abs(sum - double(g[std::size_t(i + j * m)])) < 5e-4;
          }
        }
        CHECK(good);
        for (std::size_t i = 0; i < 8; ++i) {
          CHECK(g[std::size_t(m * n) + i] == 7);
          CHECK(scratch[std::size_t(size) + i] == 7);
        }
      }
    }
  }
}

TEST_CASE("scratch for sums over columns serves those with fewer rows or columns") {
  for (const Index m : {2, 4, 8, 9, 21, 200}) {
    for (const Index n : {1, 9, 40, 300}) {
      for (const Index k : {2, 13, 700, 5000}) {
        CAPTURE(m, n, k);
        const Index size = bf::kernel::outer_scratch<float>(m, n, k);
        CHECK(bf::kernel::outer_scratch<float>(m / 2, n, k) <= size);
        CHECK(bf::kernel::outer_scratch<float>(m, n / 2, k) <= size);
      }
    }
  }
}

TEST_CASE("a network's gradient over very many samples is that of one sample") {
  const Index n = Index{1} << 21;
  bf::Mlp<float, bf::Input<1>, bf::Dense<1, bf::Linear>> net;
  net.parameters() << tenth, 0.2f;
  const Eigen::RowVectorXf x = Eigen::RowVectorXf::Constant(n, third);
  const Eigen::RowVectorXf z = Eigen::RowVectorXf::Zero(n);
  bf::Workspace<decltype(net)> workspace(net, n, 1);
  Eigen::VectorXf g(2);
  bf::gradient(net, bf::HalfSquaredError{}, bf::Samples(x, z), workspace, g, bf::Reduction::Mean);
  const double y = double(tenth) * third + double(0.2f);
  CHECK(double(g[0]) == Approx(y * third).epsilon(bound));
  CHECK(double(g[1]) == Approx(y).epsilon(bound));
}

TEST_CASE("softmax and cross-entropy of very many classes lose nothing") {
  const Index units = Index{1} << 22;
  Numbers net(std::size_t(units), -1.0f), y = net, z(std::size_t(units), tenth), delta(y);
  const float error = bf::FromNetInput<bf::CategoricalCrossEntropy, bf::Softmax>::column(
      net.data(), z.data(), units);
  CHECK(double(error) ==
        Approx(double(units) * tenth * std::log(double(units))).epsilon(2 * bound));
  bf::Softmax{}.apply(y.data(), units);
  CHECK(distance(y.data(), units, 1 / double(units)) <= bound);
  bf::FromNetInput<bf::CategoricalCrossEntropy, bf::Softmax>::column_delta(
      y.data(), z.data(), units, 1.0f, delta.data());
  CHECK(std::abs(delta[1]) <= 4 * bound);
  Numbers d(std::size_t(units), tenth);
  d[0] = 0;
  bf::Softmax{}.multiply_by_derivative(y.data(), d.data(), units);
  CHECK(double(d[0]) == Approx(-double(tenth) / double(units)).epsilon(4 * bound));
}
