// SPDX-License-Identifier: MIT
#include "backfold/data/categories.hpp"

#include "backfold/data/one_hot.hpp"
#include "catch.hpp"

using namespace backfold;

TEST_CASE("names become labels in the order of their first appearance, and come back") {
  Categories categories;
  std::vector<Index> labels;
  for (const char* name : {"setosa", "virginica", "", "setosa"}) {
    labels.push_back(categories.add(name));
  }
  CHECK(labels == std::vector<Index>{0, 1, 2, 0});
  CHECK(categories.size() == 3);
  CHECK(categories.name(labels_of(one_hot<double>(labels, 3))[1]) == "virginica");
  CHECK(categories.label_of("versicolor") == -1);
  Categories copy = categories;
  copy.add("versicolor");
  CHECK(categories.size() == 3);
  CHECK(copy.label_of("versicolor") == 3);
  CHECK(Categories(categories.names()) == categories);
}

TEST_CASE("a label without a name and a name that is there twice are refused") {
  CHECK_THROWS_WITH(Categories({"a"}).name(1), "categories: no label 1 of 1");
  CHECK_THROWS_WITH(Categories({"a", "b", "a"}), "categories: \"a\" is there twice");
}
