// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "backfold/core/random.hpp"
#include "backfold/data/data_view.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Samples (columns) of each part, in ascending order. A sample is in at most one part.
struct Split {
  std::vector<Index> training, validation, test;
};

/// Parts of a split as fractions of all samples; the rest is for training.
struct SplitFractions {
  double validation = 0.2;
  double test = 0;
};

/// One of k folds: the samples (columns) to train on and those held out, in ascending order.
struct Fold {
  std::vector<Index> training, validation;
};

namespace detail {

/// Numbers of samples in the parts training, validation and test.
struct PartCounts {
  Index of[3];
};

/// @throws std::invalid_argument for fractions out of range, or a part without samples
inline PartCounts part_counts(Index n, const SplitFractions& fractions) {
  const double validation = fractions.validation, test = fractions.test;
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    fail_argument("split: fractions must be >= 0 and leave some for training, got ", validation,
                  " for validation and ", test, " for test");
  }
  if (n < 0) fail_argument("split: ", n, " samples");
  const auto share = [n](double f) { return std::floor(f * static_cast<double>(n) + 0.5); };
  PartCounts counts{{0, static_cast<Index>(share(validation)), static_cast<Index>(share(test))}};
  counts.of[0] = n - counts.of[1] - counts.of[2];
  if (counts.of[0] < 1 || (validation > 0 && counts.of[1] < 1) || (test > 0 && counts.of[2] < 1)) {
    fail_argument("split: ", n, " samples are too few: training would get ", counts.of[0],
                  ", validation ", counts.of[1], ", test ", counts.of[2]);
  }
  return counts;
}

template <BitGenerator64 G>
std::vector<Index> random_order(Index n, G& generator) {
  std::vector<Index> order(static_cast<std::size_t>((std::max)(n, Index{0})));
  for (Index s = 0; s < n; ++s) order[static_cast<std::size_t>(s)] = s;
  shuffle(generator, order.data(), n);
  return order;
}

/// All samples grouped by label, in random order within a group. Labels with few samples come
/// first.
struct Strata {
  std::vector<Index> order;
  std::vector<bool> begins;  ///< true for a sample in `order` that is the first of its label
};

template <class Labels, BitGenerator64 G>
Strata strata_of(const Labels& labels, G& generator) {
  const auto n = static_cast<Index>(labels.size());
  const auto label = [&](Index s) { return labels[static_cast<std::size_t>(s)]; };
  std::vector<Index> order = random_order(n, generator);
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return label(a) < label(b); });
  std::vector<std::vector<Index>> groups;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || label(order[i - 1]) < label(order[i])) groups.emplace_back();
    groups.back().push_back(order[i]);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  Strata strata;
  for (const std::vector<Index>& group : groups) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      strata.order.push_back(group[i]);
      strata.begins.push_back(i == 0);
    }
  }
  return strata;
}

/// The samples of one part, or of all others, in ascending order.
/// @param parts the number of the part of each sample
inline std::vector<Index> samples_in(const std::vector<Index>& parts, Index part,
                                     bool others = false) {
  std::vector<Index> samples;
  for (std::size_t s = 0; s < parts.size(); ++s) {
    if ((parts[s] == part) != others) samples.push_back(static_cast<Index>(s));
  }
  return samples;
}

inline Split split_of(const std::vector<Index>& parts) {
  return {samples_in(parts, 0), samples_in(parts, 1), samples_in(parts, 2)};
}

/// Folds of ordered samples, dealt in turn.
/// @tparam Folds a parameter, so that only programs with folds compile such a vector
template <class Folds = std::vector<Fold>>
Folds deal_folds(const std::vector<Index>& order, Index k) {
  const auto n = static_cast<Index>(order.size());
  if (k < 2 || k > n) fail_argument("folds: expected 2 to ", n, " (samples), got ", k);
  std::vector<Index> parts(order.size());
  for (Index i = 0; i < n; ++i) {
    parts[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = i % k;
  }
  Folds folds;
  for (Index f = 0; f < k; ++f) folds.push_back({samples_in(parts, f, true), samples_in(parts, f)});
  return folds;
}

/// @throws std::invalid_argument naming a column that does not exist
inline void check_columns(const std::vector<Index>& columns, Index count) {
  for (const Index c : columns) {
    if (c < 0 || c >= count) fail_argument("gather: no column ", c, " of ", count);
  }
}

}  // namespace detail

/// Samples drawn into parts at random.
///
///     bf::Random random(1);
///     const bf::Split parts = bf::split_randomly(X.cols(), {.validation = 0.2}, random);
///     const Eigen::MatrixXd X_train = bf::gather(X, parts.training);
///
/// @throws std::invalid_argument for fractions out of range, or a part without samples
template <BitGenerator64 G>
[[nodiscard]] Split split_randomly(Index n, const SplitFractions& fractions, G& generator) {
  const detail::PartCounts counts = detail::part_counts(n, fractions);
  const std::vector<Index> order = detail::random_order(n, generator);
  std::vector<Index> parts(order.size());
  for (Index i = 0; i < n; ++i) {
    const Index behind_training = i - counts.of[0];
    parts[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] =
        behind_training < 0              ? 0
        : behind_training < counts.of[1] ? 1
                                         : 2;
  }
  return detail::split_of(parts);
}

/// As `split_randomly`, with each label in each part in proportion, to within two samples. The
/// first samples of a rare label go to the training part.
///
/// @param labels n integers, strings, or anything that can be ordered, with size() and operator[]
template <class Labels, BitGenerator64 G>
[[nodiscard]] Split split_stratified(const Labels& labels, const SplitFractions& fractions,
                                     G& generator) {
  const auto n = static_cast<Index>(labels.size());
  const detail::PartCounts counts = detail::part_counts(n, fractions);
  const detail::Strata strata = detail::strata_of(labels, generator);
  std::vector<Index> parts(strata.order.size());
  Index given[3] = {};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Index to = 0;
    double largest = -1e300;
    for (Index p = 0; p < 3; ++p) {
      if (given[p] == counts.of[p]) continue;
      // Shortfall of the part against its share of the samples dealt so far.
      const double share = static_cast<double>(counts.of[p]) / static_cast<double>(n);
      const double lack = share * static_cast<double>(i + 1) - static_cast<double>(given[p]);
      if (lack > largest) {
        largest = lack;
        to = p;
      }
      if (p == 0 && strata.begins[i]) break;
    }
    ++given[to];
    parts[static_cast<std::size_t>(strata.order[i])] = to;
  }
  return detail::split_of(parts);
}

/// The first samples for training, later ones for validation, the last for the test, so that
/// nothing is predicted from later data. The parts are contiguous: see `contiguous_columns`.
///
/// @param gap samples left out before the validation and before the test part, whose inputs would
/// reach into the part before
/// @throws std::invalid_argument for fractions out of range, or a part without samples
[[nodiscard]] inline Split split_by_time(Index n, const SplitFractions& fractions, Index gap = 0) {
  detail::PartCounts counts = detail::part_counts(n, fractions);
  const Index gaps = (counts.of[1] > 0) + (counts.of[2] > 0);
  if (gap < 0 || (gaps > 0 && gap > (counts.of[0] - 1) / gaps)) {
    fail_argument("split: a gap of ", gap, " samples leaves none of ", counts.of[0],
                  " for training");
  }
  counts.of[0] -= gap * gaps;
  Split split;
  std::vector<Index>* const parts[3] = {&split.training, &split.validation, &split.test};
  Index next = 0;
  for (int p = 0; p < 3; ++p) {
    if (counts.of[p] == 0) continue;
    for (Index s = next; s < next + counts.of[p]; ++s) parts[p]->push_back(s);
    next += counts.of[p] + gap;
  }
  return split;
}

/// k folds for cross-validation: each sample is held out in one fold. The sizes of folds differ by
/// at most one.
/// @throws std::invalid_argument unless 2 <= k <= n
template <BitGenerator64 G>
[[nodiscard]] std::vector<Fold> k_folds(Index n, Index k, G& generator) {
  return detail::deal_folds(detail::random_order(n, generator), k);
}

/// As `k_folds`, with each label equally often in each fold, to within one sample.
template <class Labels, BitGenerator64 G>
[[nodiscard]] std::vector<Fold> stratified_k_folds(const Labels& labels, Index k, G& generator) {
  return detail::deal_folds(detail::strata_of(labels, generator).order, k);
}

/// Copies the chosen columns to a new matrix.
/// @throws std::invalid_argument naming a column that does not exist
template <class X>
[[nodiscard]] Matrix<typename X::Scalar> gather(const Eigen::DenseBase<X>& x,
                                                const std::vector<Index>& columns) {
  detail::check_columns(columns, x.cols());
  Matrix<typename X::Scalar> result(x.rows(), static_cast<Index>(columns.size()));
  for (Index c = 0; c < result.cols(); ++c) {
    result.col(c) = x.derived().col(columns[static_cast<std::size_t>(c)]);
  }
  return result;
}

/// The chosen sequences of a time-major batch of sequences of `steps` steps, time-major again.
/// @throws std::invalid_argument naming a sequence that does not exist, or if the columns are not a
/// whole number of sequences
template <class X>
[[nodiscard]] Matrix<typename X::Scalar> gather_sequences(const Eigen::DenseBase<X>& x,
                                                          const std::vector<Index>& sequences,
                                                          Index steps) {
  if (steps < 1 || x.cols() % steps != 0) {
    fail_argument("gather: ", x.cols(), " columns are no whole number of sequences of ", steps,
                  " steps");
  }
  const Index batch = x.cols() / steps, n = static_cast<Index>(sequences.size());
  detail::check_columns(sequences, batch);
  Matrix<typename X::Scalar> result(x.rows(), n * steps);
  for (Index t = 0; t < steps; ++t) {
    for (Index b = 0; b < n; ++b) {
      const Index from = t * batch + sequences[static_cast<std::size_t>(b)];
      result.col(t * n + b) = x.derived().col(from);
    }
  }
  return result;
}

/// The chosen columns as a view, if they are consecutive, as in a split by time. It copies nothing,
/// so x must outlive it.
///
///     const bf::Split parts = bf::split_by_time(X.cols(), {.validation = 0.2});
///     const bf::Samples training(bf::contiguous_columns(X, parts.training),
///                                bf::contiguous_columns(Z, parts.training));
///
/// @throws std::invalid_argument if they are not consecutive; then use `gather`, which copies
template <class X>
requires(!detail::TemporaryMatrix<X>) auto contiguous_columns(X&& x,
                                                              const std::vector<Index>& columns) {
  const auto all = detail::columns_of(x);
  detail::check_columns(columns, all.cols());
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (columns[i] != columns[i - 1] + 1) {
      fail_argument("contiguous_columns: column ", columns[i], " comes after ", columns[i - 1],
                    "; gather() copies columns in any order");
    }
  }
  return ConstMatrixView<typename std::remove_cvref_t<X>::Scalar>(
      all.column(columns.empty() ? 0 : columns[0]), all.rows(), static_cast<Index>(columns.size()),
      all.outerStride());
}

BACKFOLD_END_NAMESPACE
