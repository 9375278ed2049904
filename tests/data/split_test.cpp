// SPDX-License-Identifier: MIT
#include "backfold/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Columns = std::vector<Index>;

/// Whether the parts, ascending each, hold 0..n−1, each once.
bool is_partition(const std::vector<Columns>& parts, Index n) {
  Columns all;
  for (const Columns& part : parts) {
    if (!std::is_sorted(part.begin(), part.end())) return false;
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  for (Index i = 0; i < Index(all.size()); ++i) {
    if (all[std::size_t(i)] != i) return false;
  }
  return Index(all.size()) == n;
}

/// Labels 0, 1, ... in such numbers, mixed.
std::vector<int> labels_in_numbers(const std::vector<Index>& numbers) {
  std::vector<int> labels;
  for (std::size_t c = 0; c < numbers.size(); ++c) {
    labels.insert(labels.end(), std::size_t(numbers[c]), int(c));
  }
  Random random(7);
  shuffle(random, labels.data(), Index(labels.size()));
  return labels;
}

Index count(const Columns& part, const std::vector<int>& labels, int label) {
  return std::count_if(part.begin(), part.end(),
                       [&](Index s) { return labels[std::size_t(s)] == label; });
}

}  // namespace

TEST_CASE("a random split puts each sample into one part of the wanted size") {
  for (const Index n : {5, 10, 101}) {
    Random random(3);
    const Split split = split_randomly(n, {.validation = 0.2, .test = 0.3}, random);
    CHECK(is_partition({split.training, split.validation, split.test}, n));
    CHECK(std::abs(double(split.validation.size()) - 0.2 * double(n)) <= 0.5);
    CHECK(std::abs(double(split.test.size()) - 0.3 * double(n)) <= 0.5);
  }
}

TEST_CASE("a split is the same for the same seed and another for another") {
  const auto of_seed = [](std::uint64_t seed) {
    Random random(seed);
    return split_randomly(100, {}, random).validation;
  };
  CHECK(of_seed(1) == of_seed(1));
  CHECK(of_seed(1) != of_seed(2));
}

TEST_CASE("each sample is held out equally often over many seeds") {
  std::vector<int> held(10);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    for (const Index s : split_randomly(10, {.validation = 0.3}, random).validation) {
      ++held[std::size_t(s)];
    }
  }
  for (const int times : held) CHECK(std::abs(times - 600) < 5 * std::sqrt(600 * 0.7));
}

TEST_CASE("a stratified split has each label in each part by its share") {
  const std::vector<Index> numbers = {1, 2, 3, 9, 50, 400, 535};
  const std::vector<int> labels = labels_in_numbers(numbers);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    const Split split = split_stratified(labels, {.validation = 0.25, .test = 0.1}, random);
    CHECK(is_partition({split.training, split.validation, split.test}, 1000));
    CHECK(split.validation.size() == 250);
    CHECK(split.test.size() == 100);
    for (int c = 0; c < 7; ++c) {
      const double all = double(numbers[std::size_t(c)]);
      CHECK(count(split.training, labels, c) >= 1);
      CHECK(std::abs(double(count(split.training, labels, c)) - 0.65 * all) <= 2);
      CHECK(std::abs(double(count(split.validation, labels, c)) - 0.25 * all) <= 2);
      CHECK(std::abs(double(count(split.test, labels, c)) - 0.1 * all) <= 2);
    }
  }
}

TEST_CASE("strings are stratified as their labels are") {
  const std::vector<std::string> names = {"b", "a", "b", "a", "a", "b", "b", "a"};
  Random random(1);
  const Split split = split_stratified(names, {.validation = 0.5}, random);
  int a = 0;
  for (const Index s : split.validation) a += names[std::size_t(s)] == "a";
  CHECK(split.validation.size() == 4);
  CHECK(a == 2);
}

TEST_CASE("a split by time is in the order of time, with gaps between its parts") {
  const Split split = split_by_time(20, {.validation = 0.2, .test = 0.1}, 3);
  CHECK(split.training == Columns{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(split.validation == Columns{11, 12, 13, 14});
  CHECK(split.test == Columns{18, 19});
  const Split without_test = split_by_time(10, {.validation = 0.3});
  CHECK(without_test.training.size() == 7);
  CHECK(without_test.validation == Columns{7, 8, 9});
  CHECK(without_test.test.empty());
}

TEST_CASE("each sample is held out in one of k folds, and trained on in the others") {
  for (const Index k : {2, 3, 10, 23}) {
    Random random(5);
    const std::vector<Fold> folds = k_folds(23, k, random);
    REQUIRE(Index(folds.size()) == k);
    std::vector<Columns> held;
    for (const Fold& fold : folds) {
      held.push_back(fold.validation);
      CHECK(is_partition({fold.training, fold.validation}, 23));
      CHECK(std::abs(double(fold.validation.size()) - 23.0 / double(k)) < 1);
    }
    for (Columns& fold : held) std::sort(fold.begin(), fold.end());
    CHECK(is_partition(held, 23));
  }
}

TEST_CASE("stratified folds share each label to within one sample") {
  const std::vector<Index> numbers = {3, 10, 12, 30};
  const std::vector<int> labels = labels_in_numbers(numbers);
  Random random(2);
  for (const Fold& fold : stratified_k_folds(labels, 5, random)) {
    CHECK(is_partition({fold.training, fold.validation}, 55));
    CHECK(fold.validation.size() == 11);
    for (int c = 0; c < 4; ++c) {
      CHECK(std::abs(double(count(fold.validation, labels, c)) -
                     double(numbers[std::size_t(c)]) / 5) < 1);
    }
  }
}

TEST_CASE("columns are gathered, whole sequences too, and viewed where they are contiguous") {
  Eigen::MatrixXd x(2, 6);
  x << 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15;
  Eigen::MatrixXd expected(2, 3);
  expected << 4, 0, 1, 14, 10, 11;
  CHECK(gather(x, {4, 0, 1}) == expected);
  CHECK(gather(x, {}).cols() == 0);
  // Two steps of three sequences: the third and the first.
  Eigen::MatrixXd two(2, 4);
  two << 2, 0, 5, 3, 12, 10, 15, 13;
  CHECK(gather_sequences(x, {2, 0}, 2) == two);
  const auto view = contiguous_columns(x, {2, 3, 4});
  CHECK(view.data() == x.col(2).data());
  CHECK(view.cols() == 3);
  const Eigen::RowVectorXd row = x.row(1);
  CHECK(contiguous_columns(row, {5}).data() == &row[5]);
  const Samples<double> samples(contiguous_columns(x, {0, 1}), contiguous_columns(row, {0, 1}));
  CHECK(samples.targets(0, 1) == 11);
}

TEST_CASE("misuse of splits is refused with what was expected") {
  Random random(1);
  const Eigen::MatrixXd x(2, 6);
  CHECK(said([&] { (void)split_randomly(10, {.validation = 0.6, .test = 0.4}, random); }) ==
        "split: fractions must be >= 0 and leave some for training, got 0.6 for validation and 0.4 "
        "for test");
  CHECK(said([&] { (void)split_randomly(10, {.validation = std::nan("")}, random); }) ==
        "split: fractions must be >= 0 and leave some for training, got nan for validation and 0 "
        "for test");
  CHECK(said([&] { (void)split_randomly(4, {.validation = 0.1}, random); }) ==
        "split: 4 samples are too few: training would get 4, validation 0, test 0");
  CHECK(said([&] { (void)split_randomly(0, {.validation = 0}, random); }) ==
        "split: 0 samples are too few: training would get 0, validation 0, test 0");
  CHECK(said([&] { (void)split_by_time(10, {}, 8); }) ==
        "split: a gap of 8 samples leaves none of 8 for training");
  CHECK(said([&] { (void)k_folds(5, 6, random); }) == "folds: expected 2 to 5 (samples), got 6");
  CHECK(said([&] { (void)gather(x, {6}); }) == "gather: no column 6 of 6");
  CHECK(said([&] { (void)gather_sequences(x, {0}, 4); }) ==
        "gather: 6 columns are no whole number of sequences of 4 steps");
  CHECK(said([&] { (void)gather_sequences(x, {3}, 2); }) == "gather: no column 3 of 3");
  CHECK(said([&] {
          contiguous_columns(x, {1, 3});
        }) == "contiguous_columns: column 3 comes after 1; gather() copies columns in any order");
}
