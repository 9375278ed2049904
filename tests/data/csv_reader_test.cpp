// SPDX-License-Identifier: MIT
#include "backfold/data/csv_reader.hpp"

#include <sstream>
#include <string>

#include "catch.hpp"

using namespace backfold;

namespace {

/// The rows of a text after `skipped` ones: the line of each, and its fields between bars.
std::string rows_of(const std::string& text, int skipped = 0) {
  std::istringstream stream(text);
  CsvReader reader(stream, "t.csv");
  std::string result;
  for (Index row = 0; reader.next(); ++row) {
    if (row < skipped) continue;
    result += std::to_string(reader.line()) + ":";
    for (Index i = 0; i < reader.fields(); ++i) {
      result += "|" + std::string(reader.field(i)) + (reader.is_quoted(i) ? "'" : "");
    }
    result += "|/";
  }
  return result;
}

}  // namespace

TEST_CASE("rows are read alike wherever a buffer of the file ends") {
  constexpr std::size_t buffer = std::size_t{1} << 18;
  for (const std::string text :
       {"a,b\r\nc,d\r\n", "\"a,\"\"b\",\"c\r\nd\"\r\ne,f", " a , \"b\" \r\n\r\n\"\",x\n"}) {
    const std::string expected = rows_of("x\n" + text, 1);
    for (std::size_t before = 0; before <= text.size(); ++before) {
      INFO(text << ": " << before << " bytes before the end of a buffer");
      std::string first_row(buffer - before, 'x');
      first_row.back() = '\n';
      CHECK(rows_of(first_row + text, 1) == expected);
    }
  }
}

TEST_CASE("a row is numbered by the line on which it begins") {
  CHECK(rows_of("a\n\n\"b\n\nc\"\nd") == "1:|a|/3:|b\n\nc'|/6:|d|/");
  CHECK(rows_of("a\r\r\"b\"\r\r\nc") == "1:|a|/3:|b'|/5:|c|/");
}

TEST_CASE("a byte order mark may precede a quoted field") {
  CHECK(rows_of("\xEF\xBB\xBF\"a\",b") == "1:|a'|b|/");
  CHECK(rows_of("a,\xEF\xBB\xBF\"b\"") == "1:|a|\xEF\xBB\xBF\"b\"|/");  // text, inside the file
}
