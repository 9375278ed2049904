// SPDX-License-Identifier: MIT
#include "backfold/core/product.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "backfold/core/diagonal.hpp"
#include "backfold/core/random.hpp"
#include "catch.hpp"

namespace bf = backfold;
using bf::Dynamic;
using bf::Index;

namespace {

/// A matrix with NaN after each column and on both sides.
template <class S>
struct Padded {
  Index rows, cols, stride;
  std::vector<S> memory;

  Padded(Index r, Index c, Index gap, bf::Random* random = nullptr)
      : rows(r),
        cols(c),
        stride(r + gap),
        memory(std::size_t((r + gap) * c + 64), std::numeric_limits<S>::quiet_NaN()) {
    for (Index j = 0; random != nullptr && j < c; ++j) {
      for (Index i = 0; i < r; ++i) (*this)(i, j) = S(bf::uniform(*random, -1, 1));
    }
  }
  S* data() { return memory.data() + 32; }
  S& operator()(Index i, Index j) { return data()[i + j * stride]; }
  template <Index R = Dynamic, Index C = Dynamic>
  bf::MatrixView<S, R, C> view() {
    return {data(), rows, cols, stride};
  }
  /// Whether all that does not belong to the matrix is still NaN.
  bool guards_stand() {
    std::size_t finite = 0;
    for (const S v : memory) finite += !std::isnan(v);
    return finite <= std::size_t(rows * cols);
  }
};

/// |computed − exact| <= c·eps·Σ|a||b|, the bound of a dot product in any order.
template <class S>
bool close(S computed, long double exact, long double magnitude, Index terms) {
  const long double eps = std::numeric_limits<S>::epsilon();
  return std::abs(computed - exact) <=
         (0.5L * static_cast<long double>(terms) + 4) * eps * magnitude;
}

struct Twice {
  template <class L>
  L operator()(const L& v) const {
    return v + v;
  }
};

template <class S, Index M = Dynamic, Index K = Dynamic, Index N = Dynamic>
void all_products(Index m, Index k, Index n, Index gap) {
  CAPTURE(m, k, n, gap, sizeof(S));
  bf::Random random(static_cast<std::uint64_t>(m * 10007 + k * 101 + n));
  Padded<S> W(m, k, gap, &random), X(k, n, gap, &random), D(m, n, gap, &random);
  std::vector<S> bias(std::size_t(m), S(0));
  for (S& b : bias) b = S(bf::uniform(random, -1, 1));
  std::vector<S> scratch(std::size_t(bf::detail::product_scratch<S>(m, k, n)) + 16);

  bool good = true;
  // Y ← 2(b + W X), Y ← W X, Y ← Y + W X
  for (const int start : {0, 1, 2}) {
    Padded<S> Y(m, n, gap, &random);
    Padded<S> before = Y;
    const auto w = W.template view<M, K>();
    const auto x = X.template view<K, N>();
    const auto y = Y.template view<M, N>();
    if (start == 0)
      bf::detail::affine(w, x, y, bf::detail::StartAtBias<S>{bias.data()}, Twice{}, scratch.data());
    if (start == 1)
      bf::detail::affine(w, x, y, bf::detail::StartAtZero{}, bf::Unchanged{}, scratch.data());
    if (start == 2)
      bf::detail::affine(w, x, y, bf::detail::StartAtOutput{}, Twice{}, scratch.data());
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        long double sum = start == 0 ? bias[std::size_t(i)] : start == 2 ? before(i, j) : 0;
        long double magnitude = std::abs(sum);
        for (Index l = 0; l < k; ++l) {
          sum += static_cast<long double>(W(i, l)) * X(l, j);
          magnitude += std::abs(static_cast<long double>(W(i, l)) * X(l, j));
        }
        const int factor = start == 1 ? 1 : 2;
        good = good && close(Y(i, j), factor * sum, factor * magnitude, k);
      }
    }
    good = good && Y.guards_stand();
  }
  REQUIRE(good);

  // Y ← (Wᵀ D) x, Y ← Y + Wᵀ D
  for (const bool adds : {false, true}) {
    Padded<S> Y(k, n, gap, &random);
    Padded<S> before = Y;
    const auto w = W.template view<M, K>();
    const auto d = D.template view<M, N>();
    const auto y = Y.template view<K, N>();
    if (adds) {
      bf::detail::back(w, d, y, bf::detail::StartAtOutput{}, scratch.data());
    } else {
      bf::detail::back(
          w, d, y, bf::detail::StartAtZero{},
          [](const auto& sum, const auto& x) { return sum * x; }, X.template view<K, N>(),
          scratch.data());
    }
    for (Index i = 0; i < k; ++i) {
      for (Index j = 0; j < n; ++j) {
        const long double factor = adds ? 1 : X(i, j);
        long double sum = adds ? before(i, j) : 0;
        long double magnitude = std::abs(sum);
        for (Index l = 0; l < m; ++l) {
          sum += static_cast<long double>(W(l, i)) * D(l, j);
          magnitude += std::abs(static_cast<long double>(W(l, i)) * D(l, j));
        }
        good = good && close(Y(i, j), factor * sum, std::abs(factor) * magnitude, m);
      }
    }
    good = good && Y.guards_stand();
  }
  REQUIRE(good);

  // G ← D Xᵀ, and the sums of rows
  Padded<S> G(m, k, gap, &random);
  const auto d = D.template view<M, N>();
  std::vector<S> sums = bias;
  bf::detail::outer(d, X.template view<K, N>(), G.template view<M, K>(), scratch.data());
  bf::detail::row_sums(d, sums.data());
  for (Index i = 0; i < m; ++i) {
    long double row = 0;
    long double row_magnitude = 0;
    for (Index j = 0; j < n; ++j) {
      row += D(i, j);
      row_magnitude += std::abs(static_cast<long double>(D(i, j)));
    }
    good = good && close(sums[std::size_t(i)], row, row_magnitude, n);
    for (Index l = 0; l < k; ++l) {
      long double sum = 0;
      long double magnitude = 0;
      for (Index j = 0; j < n; ++j) {
        sum += static_cast<long double>(D(i, j)) * X(l, j);
        magnitude += std::abs(static_cast<long double>(D(i, j)) * X(l, j));
      }
      good = good && close(G(i, l), sum, magnitude, n);
    }
  }
  REQUIRE(good);
  REQUIRE(G.guards_stand());
}

}  // namespace

TEMPLATE_TEST_CASE("products of all shapes around the tiles are those of long double", "", float,
                   double) {
  using S = TestType;
  const Index width = bf::native_width<S>;
  const Index panel = bf::kernel::panel_rows<S>;
  const Index columns = bf::kernel::tile_columns;
  for (const Index m : {Index{1}, Index{2}, Index{3}, width - 1, width, width + 1, 2 * width + 1,
                        panel - 1, panel, panel + 1, 2 * panel + 3}) {
    if (m < 1) continue;
    for (const Index n :
         {Index{1}, Index{2}, Index{3}, columns - 1, columns, columns + 1, 5 * columns + 3}) {
      for (const Index k : {Index{1}, Index{2}, Index{5}, width + 3, Index{33}}) {
        all_products<S>(m, k, n, 0);
        all_products<S>(m, k, n, 5);
      }
    }
  }
}

TEMPLATE_TEST_CASE("products that are packed and cut in depth are those of long double", "", float,
                   double) {
  all_products<TestType>(70, 1100, 33, 0);
  all_products<TestType>(1100, 70, 35, 3);
  all_products<TestType>(33, 40, 1100, 0);
  all_products<TestType>(600, 70, 220, 600);  // D·Xᵀ packs both factors, in two blocks of rows
  all_products<TestType>(200, 70, 220, 0);
}

TEMPLATE_TEST_CASE("products of fixed sizes are those of long double", "", float, double) {
  using S = TestType;
  all_products<S, 8, 2, 1>(8, 2, 1, 0);
  all_products<S, 1, 8, 1>(1, 8, 1, 0);
  all_products<S, 1, 8>(1, 8, 6, 0);
  all_products<S, 64, 64, 1>(64, 64, 1, 0);
  all_products<S, 2, 64, 1>(2, 64, 1, 0);
  all_products<S, 3, 5, 1>(3, 5, 1, 2);
  all_products<S, 17, 33>(17, 33, 9, 0);
}

TEMPLATE_TEST_CASE("a batch equals its columns one by one, to rounding", "", float, double) {
  using S = TestType;
  bf::Random random(5);
  Padded<S> W(19, 23, 0, &random), X(23, 8, 0, &random), Y(19, 8, 0), one(19, 1, 0);
  std::vector<S> scratch(std::size_t(bf::detail::product_scratch<S>(19, 23, 8)));
  bf::detail::affine(W.view(), X.view(), Y.view(), bf::detail::StartAtZero{}, bf::Unchanged{},
                     scratch.data());
  for (Index j = 0; j < 8; ++j) {
    bf::detail::affine(W.view(), bf::ConstMatrixView<S>(&X(0, j), 23, 1), one.view(),
                       bf::detail::StartAtZero{}, bf::Unchanged{}, scratch.data());
    for (Index i = 0; i < 19; ++i) {
      CHECK(double(one(i, 0)) ==
            Approx(double(Y(i, j))).margin(40 * std::numeric_limits<S>::epsilon()));
    }
  }
}

TEMPLATE_TEST_CASE("a diagonal product is the product with a diagonal matrix", "", float, double) {
  using S = TestType;
  bf::Random random(6);
  for (const Index m : {1, 3, 16, 21}) {
    Padded<S> u(m, 1, 0, &random), X(m, 4, 2, &random), D(m, 4, 1, &random), Y(m, 4, 3, &random);
    Padded<S> before = Y;
    bf::detail::diagonal_affine(u.data(), X.view(), Y.view(), bf::detail::StartAtOutput{}, Twice{});
    std::vector<S> g(std::size_t(m), S(1));
    bf::detail::add_diagonal_outer(D.view(), X.view(), g.data());
    for (Index i = 0; i < m; ++i) {
      double sum = 1;
      for (Index j = 0; j < 4; ++j) {
        CHECK(double(Y(i, j)) ==
              Approx(2 * (double(before(i, j)) + double(u(i, 0)) * double(X(i, j)))).margin(1e-6));
        sum += double(D(i, j)) * double(X(i, j));
      }
      CHECK(double(g[std::size_t(i)]) == Approx(sum).margin(1e-6));
    }
    CHECK(Y.guards_stand());
  }
}
