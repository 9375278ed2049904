// SPDX-License-Identifier: MIT
#include "backfold/data/csv.hpp"

#include <clocale>
#include <cmath>
#include <functional>
#include <limits>
#include <locale>
#include <sstream>
#include <string>
#include <vector>
#if defined(__linux__)
#include <sys/resource.h>
#endif

#include "backfold/core/random.hpp"
#include "catch.hpp"
#include "flipped_bits.hpp"
#include "temporary_file.hpp"

using namespace backfold;
using namespace std::string_literals;

namespace {

using Names = std::vector<std::string>;

CsvTable table_of(const std::string& text, const CsvOptions& options = {}) {
  std::istringstream stream(text);
  return CsvBlocks(stream, "t.csv", options).rest();
}

/// What the error of reading this text says, after the name of the file.
std::string said(const std::string& text, const CsvOptions& options = {}) {
  try {
    table_of(text, options);
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    REQUIRE(what.substr(0, 7) == "t.csv: ");
    return what.substr(7);
  }
  return "read";
}

/// The rows of a text, fields between bars.
std::string fields_of(const std::string& text, char delimiter = ',') {
  std::istringstream stream(text);
  CsvReader reader(stream, "t.csv", delimiter);
  std::string result;
  while (reader.next()) {
    for (Index i = 0; i < reader.fields(); ++i) result += "|" + std::string(reader.field(i));
    result += "|/";
  }
  return result;
}

/// Decimal commas and thousands' points, as in German.
struct German : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

}  // namespace

TEST_CASE("fields are separated as they are written in practice") {
  CHECK(fields_of("a,b\n1,2\n") == "|a|b|/|1|2|/");
  CHECK(fields_of("a,b\n1,2") == "|a|b|/|1|2|/");        // no last line break
  CHECK(fields_of("a,b\r\n1,2\r\n") == "|a|b|/|1|2|/");  // CRLF
  CHECK(fields_of("a,b\r1,2\r") == "|a|b|/|1|2|/");      // CR
  CHECK(fields_of("\xEF\xBB\xBF"
                  "a,b\n") == "|a|b|/");              // a byte order mark
  CHECK(fields_of("a,,\n,\n") == "|a|||/|||/");       // empty fields
  CHECK(fields_of("a\n\n \n\r\nb\n") == "|a|/|b|/");  // empty lines
  CHECK(fields_of("a\n\"\"\nb\n") == "|a|/||/|b|/");  // one empty field is a row
  CHECK(fields_of(" a , b\t\n") == "|a|b|/");         // blanks around fields
  CHECK(fields_of("a b, c d \n") == "|a b|c d|/");    // and inside
  CHECK(fields_of("a;b,c\td", ';') == "|a|b,c\td|/");
  CHECK(fields_of("a\t\tb\n", '\t') == "|a||b|/");
  CHECK(fields_of("").empty());
  CHECK(fields_of("\xEF\xBB\xBF").empty());
}

TEST_CASE("quoted fields hold delimiters, line breaks, quotes and blanks") {
  CHECK(fields_of("\"a,b\",c\n") == "|a,b|c|/");
  CHECK(fields_of("\"a\nb\r\nc\",d\n") == "|a\nb\r\nc|d|/");
  CHECK(fields_of("\"say \"\"yes\"\"\",\"\"\"\"\n") == "|say \"yes\"|\"|/");
  CHECK(fields_of("\" a \" , \"b\"\n") == "| a |b|/");
  CHECK(fields_of("5\" pipe,a\"b\"\n") == "|5\" pipe|a\"b\"|/");  // inside an unquoted field
  CHECK(fields_of("\"a\"") == "|a|/");
  CHECK(fields_of("\"\",\"\"\r\n") == "|||/");
}

TEST_CASE("a table gives features x rows, categories one-hot in the order they appear") {
  const CsvTable table = table_of(
      "width,species,\"petal, length\"\n"
      "1.5,setosa,-2\n"
      "+3e2,virginica,.5\n"
      "0,setosa,1.\n",
      {.categorical = {"species"}});
  CHECK(table.rows() == 3);
  Eigen::MatrixXd all(4, 3);
  all << 1.5, 300, 0, 1, 0, 1, 0, 1, 0, -2, .5, 1;
  CHECK(table.matrix<double>() == all);
  CHECK(table.matrix<float>({"petal, length"}) == all.row(3).cast<float>());
  CHECK(table.matrix<double>({"species", "width"}).row(2) == all.row(0));
  CHECK(table.labels("species") == std::vector<Index>{0, 1, 0});
  CHECK(table.column("species").categories.names() == Names{"setosa", "virginica"});
  CHECK(table.feature_names({"species", "width"}) ==
        Names{"species=setosa", "species=virginica", "width"});
}

TEST_CASE("columns can be chosen, and called by their numbers without a header") {
  const std::string text = "7,x,1\n8,y,2\n";
  const CsvTable table = table_of(text, {.has_header = false, .columns = {"3", "1"}});
  CHECK(table.matrix<double>() == Eigen::Matrix2d{{1, 2}, {7, 8}});
  const CsvTable all = table_of(text, {.has_header = false, .categorical = {"2"}});
  CHECK(all.matrix<double>({"1"}) == Eigen::RowVector2d(7, 8));
  CHECK(all.column("2").categories.names() == Names{"x", "y"});
}

TEST_CASE("what is no number is refused by row, line and column") {
  const std::string begin = "a,b\n1,2\n\n3,";  // row 2 on line 4
  const std::string where = "row 2 (line 4), column 2 (b): ";
  for (const char* const text :
       {"x", "1x", "0x10", "1e", "--1", "+-1", "+", "-", ".", "inf", "-inf", "infinity", "-nan",
        "nan(1)", "1 2", "\"1,5\"", "1e5.5", "1'000"}) {
    std::string shown = text;
    shown.erase(std::remove(shown.begin(), shown.end(), '"'), shown.end());
    CHECK(said(begin + text + "\n") == where + "\"" + shown + "\" is no number");
  }
  for (const char* const text : {"1e999", "-1e999", "1e99999999999999999999"}) {
    CHECK(said(begin + text) == where + "\"" + text + "\" is outside the range of double");
  }
  CHECK(said(begin + "\x1b[31m") == where + "\"?[31m\" is no number");
  CHECK(said(begin + std::string(1000, 'x')) ==
        where + "\"" + std::string(60, 'x') + "...\" is no number");
  CHECK(said("a\n1e-320\n4.9e-324\n1.7976931348623157e308\n") == "read");
}

TEST_CASE("a missing value is refused by its place, or filled as the caller says") {
  const std::string text = "x,name\n1,a\nNA,b\n3,\n";
  CHECK(said(text, {.categorical = {"name"}}) ==
        "row 2 (line 3), column 1 (x): the value is missing");
  CHECK(said(text, {.categorical = {"name"}, .fill = 0}) ==
        "row 3 (line 4), column 2 (name): the value is missing");
  const CsvTable table =
      table_of(text, {.categorical = {"name"}, .fill = -1, .fill_category = "unknown"});
  CHECK(table.matrix<double>({"x"}) == Eigen::RowVector3d(1, -1, 3));
  CHECK(table.column("name").categories.names() == Names{"a", "b", "unknown"});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(table_of("x\n?\n", {.fill = nan}).value(0, 0)));
  CHECK(said("x\n-\n", {.missing = {"-"}, .fill = 0}) == "read");
  CHECK(said("x\n?\n", {.missing = {"-"}, .fill = 0}) ==
        "row 1 (line 2), column 1 (x): \"?\" is no number");
  // Quoted: missing as a number, a name as a name.
  const CsvTable quoted =
      table_of("x,country\n\"\",\"NA\"\n", {.categorical = {"country"}, .fill = 5});
  CHECK(quoted.value(0, 0) == 5);
  CHECK(quoted.column("country").categories.names() == Names{"NA"});
}

TEST_CASE("damaged CSV files are refused by row and line") {
  CHECK(said("") == "is empty");
  CHECK(said("\n\n") == "is empty");
  CHECK(said("a,b\n") == "read");
  CHECK(said("a,b\n1,2\n3\n") == "row 2 (line 3) has 1 fields, expected 2");
  CHECK(said("a,b\n\n1,2,3\n") == "row 1 (line 3) has 3 fields, expected 2");
  CHECK(said("1,2\n3\n", {.has_header = false}) == "row 2 (line 2) has 1 fields, expected 2");
  CHECK(said("a,b\n\"1\n2\",3,4\n5,6\n") == "row 1 (line 2) has 3 fields, expected 2");
  CHECK(said("a,b\n\"1\n2\",3\n5\n", {.categorical = {"a"}}) ==
        "row 2 (line 4) has 1 fields, expected 2");
  CHECK(said("a\n1\n\"2\n3\n") == "line 3: a quote is not closed");
  CHECK(said("a\n\"1\"2\n") == "line 2: text follows a closing quote in field 1");
  CHECK(said("a,b\n1,2\0\n"s) == "line 2: holds a NUL, which is no text");
  CHECK(said("\xFF\xFE"
             "a\0"s) == "is UTF-16 text, expected UTF-8");
  CHECK(said("a,b\n1,2\n", {.columns = {"c"}}) == "has no column \"c\"; it has \"a\" \"b\"");
  CHECK(said("a;b\n1;2\n", {.columns = {"b"}}) == "has no column \"b\"; it has \"a;b\"");
  CHECK(said("a,b\n1,2\n", {.categorical = {"c"}}) == "has no column \"c\"; it has \"a\" \"b\"");
  CHECK(said("a,b,a\n1,2,3\n", {.columns = {"a"}}) == "column \"a\" is there twice, as 1 and 3");
  CHECK(said("a,b,a\n1,2,3\n") == "read");
  CHECK(said(std::string(3000, '"'), {.longest_row = 1000}) ==
        "line 1: the row is longer than 1000 bytes");
  CHECK_THROWS_WITH(read_csv("no/such.csv"), "no/such.csv: cannot be opened");
  CHECK_THROWS_WITH(read_csv("."), ".: cannot be read");
}

TEST_CASE("a gzipped file is no text") {
  // What gzip makes of "a,b\n1,2\n".
  const std::string packed =
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xd4\x49\xe2\x32\xd4\x31\xe2\x02\x00\x7b\x07\x97\x0a\x08\x00\x00\x00"s;
  CHECK(said(packed) == "line 1: holds a NUL, which is no text");
}

TEST_CASE("misuse of tables is refused with what was expected") {
  const CsvTable table = table_of("a,b,a\n1,2,3\n");
  CHECK_THROWS_WITH(table.column("c"), "csv: no column \"c\"");
  CHECK_THROWS_WITH(table.matrix<double>({"a"}), "csv: column \"a\" is there twice, as 1 and 3");
  CHECK_THROWS_WITH(table.labels("b"), "csv: column \"b\" holds numbers, no categories");
  std::istringstream stream;
  const std::string delimiters =
      "csv: the delimiter must be an ASCII character other than a letter, a digit, +, -, a point, "
      "a quote, a line break or NUL";
  for (const char delimiter : {'"', '\n', '\r', '\0', '\x80', '\xA7', '\xFF', '.', '-', '+', '0',
                               '9', 'e', 'E', 'n', 'z'}) {
    CHECK_THROWS_WITH(CsvReader(stream, "t.csv", delimiter), delimiters);
    CHECK_THROWS_WITH(write_csv("csv_test.tmp", {"a"}, Eigen::RowVector2d(1, 2), delimiter),
                      delimiters);
  }
  CHECK(!std::ifstream("csv_test.tmp"));
}

TEST_CASE("no locale has a part in reading or writing") {
  const std::locale before = std::locale::global(std::locale(std::locale(), new German));
  const std::string c_before = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* const name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_NUMERIC, name) != nullptr) break;
  }
  const double x = table_of("a\n1234.5\n").value(0, 0);
  const TemporaryFile file("csv_test.tmp");
  write_csv(file.path, {"a"}, Eigen::RowVector2d(1234567.5, 0.1));
  const std::string german = said("a\n\"1,5\"\n");
  std::setlocale(LC_NUMERIC, c_before.c_str());
  std::locale::global(before);
  CHECK(x == 1234.5);
  CHECK(content_of(file.path) == "a\n1234567.5\n0.1\n");
  CHECK(german == "row 1 (line 2), column 1 (a): \"1,5\" is no number");
}

TEST_CASE("written numbers come back bit for bit, in few digits") {
  const TemporaryFile file("csv_test.tmp");
  Random random(1);
  Eigen::MatrixXd x(2, 2000);
  for (Index i = 0; i < x.size(); ++i) {
    do {
      x.data()[i] = std::bit_cast<double>(random());
    } while (!is_finite(x.data()[i]));
  }
  x.col(0) << -0.0, std::numeric_limits<double>::max();
  x.col(1) << std::numeric_limits<double>::denorm_min(), 0.1;
  write_csv(file.path, {"a", "b"}, x);
  const Eigen::MatrixXd y = read_csv(file.path).matrix<double>();
  CHECK(y == x);
  CHECK(std::signbit(y(0, 0)));
  write_csv(file.path, {"a"}, Eigen::RowVector3f(0.1f, 1e10f, -3), ';');
  CHECK(content_of(file.path) == "a\n0.1\n1e+10\n-3\n");
}

TEST_CASE("names before numbers come back, quoted where they must be") {
  const TemporaryFile file("csv_labels");
  Eigen::MatrixXd x(2, 3);
  x << 0.1, 2, -3, 1e-300, 5, 6;
  CsvWriter writer(file.path, {"class", "class=a", "class=b"});
  writer.add({"a", "b, \"c\"", "1"}, x);
  CHECK_THROWS_WITH(writer.add({"a"}, x), "csv: expected 3 names, one for each row, got 1");
  CHECK_THROWS_WITH(writer.add({"a", "b", "c"}, x.topRows(1)),
                    "csv: a row has 2 fields, got 1 features");
  writer.commit();
  const CsvTable table = read_csv(file.path, {.categorical = {"class"}});
  CHECK(table.column("class").categories.names() == std::vector<std::string>{"a", "b, \"c\"", "1"});
  CHECK(table.matrix<double>({"class=a", "class=b"}) == x);
}

TEST_CASE("a written table reads as the same table, whatever its names") {
  const TemporaryFile file("csv_test.tmp");
  const CsvTable table = table_of(
      "\"a, \"\"b\"\"\",n\n\"NA\",1\n\" x "
      "\",2\n\"new\nline\",3\n\"\",4\n\"tab\there\",5\nplain,6\n",
      {.categorical = {"a, \"b\""}});
  for (const char delimiter : {',', ';', '\t', ' '}) {
    write_csv(file.path, table, delimiter);
    const CsvTable read =
        read_csv(file.path, {.delimiter = delimiter, .categorical = {"a, \"b\""}});
    CHECK(read.column("a, \"b\"").categories == table.column("a, \"b\"").categories);
    CHECK(read.matrix<double>() == table.matrix<double>());
  }
  CHECK_THROWS_WITH(write_csv(file.path, {"a"}, Eigen::MatrixXd(2, 3)),
                    "csv: a row has 1 fields, got 2 features");
}

TEST_CASE("names that begin like a byte order mark come back") {
  const TemporaryFile file("csv_test.tmp");
  for (const char* const name : {"\xEF\xBB\xBFx", "\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFFy"}) {
    write_csv(file.path, {name}, Eigen::RowVector2d(1, 2));
    CHECK(read_csv(file.path).columns()[0].name == name);
  }
}

TEST_CASE("blocks hold the rows of the whole, in order") {
  std::string text = "i,c\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "," + (i < 50 ? "x" : "y") + "\n";
  for (const Index size : {1, 7, 100, 1000}) {
    std::istringstream stream(text);
    CsvBlocks blocks(stream, "t.csv", {.categorical = {"c"}});
    Index rows = 0;
    while (blocks.next(size)) {
      CHECK(blocks.block().rows() == (std::min)(size, 100 - rows));
      CHECK(blocks.block().value(0, 0) == double(rows));
      rows += blocks.block().rows();
    }
    CHECK(rows == 100);
    CHECK(blocks.block().columns()[1].categories.names() == Names{"x", "y"});
  }
}

TEST_CASE("a scan finds columns of names and their categories; they hold for other files") {
  const TemporaryFile file("csv_test.tmp", "n,c,d\n1,7,?\n2,x,2\nNA,7,1e999\n");
  const std::vector<CsvColumn> columns = scan_csv(file.path, {.columns = {"c", "n"}, .fill = 0});
  REQUIRE(columns.size() == 2);
  CHECK(columns[0].is_categorical);
  CHECK(columns[0].categories.names() == Names{"7", "x"});
  CHECK_FALSE(columns[1].is_categorical);
  // Another order of columns and rows, the same features.
  const TemporaryFile other("csv_test_2.tmp", "c,n\nx,5\n7,6\n");
  const CsvTable table = read_csv(other.path, {}, columns);
  CHECK(table.matrix<double>() == Eigen::MatrixXd{{0, 1}, {1, 0}, {5, 6}});
  const TemporaryFile unknown("csv_test_3.tmp", "c,n\nx,5\nz,6\n");
  CHECK_THROWS_WITH(
      read_csv(unknown.path, {}, columns),
      "csv_test_3.tmp: row 2 (line 3), column 1 (c): \"z\" is none of its categories");
  const TemporaryFile bare("csv_test_4.tmp", "1,a\n2,b\n");
  CHECK(scan_csv(bare.path, {.has_header = false})[1].categories.names() == Names{"a", "b"});
}

TEST_CASE("a hundred thousand columns are read") {
  std::string text;
  for (int row = 0; row < 3; ++row) {
    for (int i = 0; i < 100000; ++i) text += (i > 0 ? "," : "") + std::to_string(i);
    text += "\n";
  }
  const CsvTable table = table_of(text);
  CHECK(table.rows() == 2);
  CHECK(table.value(1, 99999) == 99999);
}

TEST_CASE("every prefix and every flipped bit of a CSV file is an error or a table") {
  const std::string text =
      "\xEF\xBB\xBF"
      "a,\"b\"\"\nc\"\r\n1,x\r\n\r\n-2.5e1, \"y\" \r\n?,z\r\n";
  for (const bool header : {true, false}) {
    for (const Names& categorical : {Names{}, Names{header ? "b\"\nc" : "2"}}) {
      const CsvOptions options{.has_header = header, .categorical = categorical, .fill = 0};
      for (std::size_t n = 0; n <= text.size(); ++n) (void)said(text.substr(0, n), options);
      for_each_flipped_bit(text, [&](const std::string& flipped) { (void)said(flipped, options); });
    }
  }
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
namespace {

/// A file of a given size that is never in memory: a header, then one line repeated.
class Endless : public std::streambuf {
 public:
  Endless(const std::string& line, long bytes) : left_(bytes) {
    while (piece_.size() < 60000) piece_ += line;
    text_ = "a,b,c\n";
    setg(text_.data(), text_.data(), text_.data() + text_.size());
  }

 protected:
  int underflow() override {
    if (left_ <= 0) return traits_type::eof();
    left_ -= long(piece_.size());
    setg(piece_.data(), piece_.data(), piece_.data() + piece_.size());
    return traits_type::to_int_type(piece_[0]);
  }

 private:
  std::string piece_, text_;
  long left_;
};

long peak_of_memory() {  // in kB
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("the memory of blocks does not grow with the file, nor that of an endless line") {
  const long before = peak_of_memory();
  Endless rows("0.123456,-17,some name\n", 50'000'000);
  std::istream stream(&rows);
  CsvBlocks blocks(stream, "t.csv", {.categorical = {"c"}});
  Index count = 0;
  while (blocks.next(4096)) count += blocks.block().rows();
  CHECK(count > 50'000'000 / 23);
  CHECK(peak_of_memory() - before < 10'000);

  Endless line("x", 1'000'000'000);
  std::istream endless(&line);
  CHECK_THROWS_WITH(CsvBlocks(endless, "t.csv", {.longest_row = 1 << 20}).next(1),
                    "t.csv: line 2: the row is longer than 1048576 bytes");
  CHECK(peak_of_memory() - before < 15'000);
}
#endif
