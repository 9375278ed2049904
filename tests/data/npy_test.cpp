// SPDX-License-Identifier: MIT
#include "backfold/data/npy.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "data/npy_text.hpp"
#include "flipped_bits.hpp"
#include "numbers.hpp"
#include "temporary_file.hpp"

using namespace backfold;

namespace {

std::string reference(const std::string& name) {
  return std::string(BACKFOLD_TEST_REFERENCE_DIR) + "/npy/" + name + ".npy";
}

template <class S>
Matrix<S> numbers(char kind) {
  Matrix<S> m(3, 4);
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 4; ++j) {
      m(i, j) = static_cast<S>(kind == 'b' ? (i + j) % 2 : kind == 'u' ? i + 2 * j : i - 2 * j);
    }
  }
  return m;
}

template <class S>
void check_types(const std::vector<std::string>& types) {
  for (const std::string& type : types) {
    for (const char* const order : {"little", "big"}) {
      if (type[1] == '1' && order[0] == 'b') continue;
      for (const char* const layout : {"c", "f"}) {
        const std::string path = reference(type + "_" + order + "_" + layout);
        INFO(path);
        const Matrix<S> expected = numbers<S>(type[0]);
        CHECK(read_npy<S>(path) == expected);
        CHECK(read_npy<S>(path, NpyAxes::SamplesFirst) == expected.transpose());
      }
    }
  }
}

template <class M>
void check_round_trip(const M& m) {
  const TemporaryFile file("npy_test.tmp");
  for (const NpyAxes axes : {NpyAxes::AsStored, NpyAxes::SamplesFirst}) {
    write_npy(file.path, m, axes);
    const auto read = read_npy<typename M::Scalar>(file.path, axes);
    REQUIRE(read.rows() == m.rows());
    REQUIRE(read.cols() == m.cols());
    const Matrix<typename M::Scalar> copy = m;
    CHECK((copy.size() == 0 ||
           std::memcmp(read.data(), copy.data(), std::size_t(m.size()) * sizeof(m(0, 0))) == 0));
  }
}

const std::string good = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";

}  // namespace

TEST_CASE("files of NumPy are read in every type, order of bytes and layout") {
  const std::vector<std::string> all = {"b1", "i1", "i2", "i4", "i8", "u1",
                                        "u2", "u4", "u8", "f4", "f8"};
  const std::vector<std::string> wholes = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"};
  check_types<double>(all);
  check_types<float>(all);
  check_types<std::int64_t>(wholes);
  check_types<std::int8_t>(wholes);
  check_types<std::uint16_t>({"b1", "u1", "u2", "u4", "u8"});
  check_types<bool>({"b1"});
}

TEST_CASE("all versions and shapes of NumPy are read") {
  for (const char* const name : {"version_1", "version_2", "version_3"}) {
    CHECK(read_npy<double>(reference(name)) == numbers<double>('f'));
  }
  CHECK(read_npy<double>(reference("zero_d"))(0, 0) == 7.5);
  CHECK(read_npy<float>(reference("one_d")) == Eigen::VectorXf::LinSpaced(5, 0, 4));
  CHECK(read_npy<float>(reference("one_d"), NpyAxes::SamplesFirst) ==
        Eigen::RowVectorXf::LinSpaced(5, 0, 4));
  CHECK(read_npy<double>(reference("one_row")) == numbers<double>('f').row(0));
  CHECK(read_npy<double>(reference("one_column")) == numbers<double>('f').col(0));
  CHECK(read_npy<double>(reference("no_rows")).rows() == 0);
  CHECK(read_npy<double>(reference("no_rows")).cols() == 3);
  const auto special = read_npy<double>(reference("special"));
  CHECK(std::isnan(special(0, 0)));
  CHECK(special(1, 0) == std::numeric_limits<double>::infinity());
  CHECK(std::signbit(special(3, 0)));
  CHECK(special(4, 0) == 5e-324);
}

TEST_CASE("a number that does not fit is refused by its place") {
  const std::string large = reference("large_integers"), special = reference("special");
  CHECK(said(large, [&] { (void)read_npy<std::int16_t>(large); }) ==
        "number 0, 9.22337e+18, does not fit into the type asked for");
  CHECK(read_npy<std::int64_t>(large)(1, 0) == std::numeric_limits<std::int64_t>::min());
  CHECK(read_npy<double>(large)(1, 0) == -0x1p63);
  CHECK(said(large, [&] { (void)read_npy<std::uint64_t>(large); }) ==
        "number 1, -9.22337e+18, does not fit into the type asked for");
  CHECK(said(special, [&] { (void)read_npy<float>(special); }) ==
        "number 5, 1.79769e+308, does not fit into the type asked for");
  CHECK(said(special, [&] { (void)read_npy<int>(special); }) ==
        "holds floating-point numbers, expected integers");
  CHECK(said(large, [&] { (void)read_npy<bool>(large); }) == "holds numbers, expected bool");
  CHECK(said_of<bool>(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}") + "\1\7") ==
        "number 1 is 7, no bool");
}

TEST_CASE("what NumPy writes and Backfold does not read is refused by name") {
  for (const auto& refused : std::vector<std::pair<std::string, std::string>>{
           {"half", "holds '<f2', expected bool, integers, float32 or float64"},
           {"complex", "holds '<c8', expected bool, integers, float32 or float64"},
           {"text", "holds '<U2', expected bool, integers, float32 or float64"},
           {"objects", "holds '|O', expected bool, integers, float32 or float64"},
           {"records", "holds records, expected bool, integers, float32 or float64"},
           {"three_d", "has more than two dimensions"}}) {
    const std::string path = reference(refused.first);
    CHECK(said(path, [&] { (void)read_npy<double>(path); }) == refused.second);
  }
}

TEST_CASE("matrices, vectors and blocks come back bit for bit") {
  const Eigen::MatrixXd m = numbers(7, 5, 1);
  check_round_trip(m);
  check_round_trip(Eigen::MatrixXf(m.cast<float>()));
  check_round_trip(m.block(1, 1, 3, 2));
  check_round_trip(Eigen::VectorXd(m.col(2)));
  check_round_trip(Eigen::RowVectorXd(m.row(2)));
  check_round_trip(Eigen::Matrix<double, -1, -1, Eigen::RowMajor>(m));
  check_round_trip(Eigen::MatrixXd(0, 3));
  check_round_trip(Eigen::MatrixXd(3, 0));
  check_round_trip(Matrix<std::int64_t>(Matrix<std::int64_t>::Constant(2, 3, -5)));
  check_round_trip(Matrix<bool>(Matrix<bool>::Constant(2, 3, true)));
  check_round_trip(Eigen::MatrixXd(numbers(300, 400, 2)));  // beyond a buffer
  Eigen::MatrixXd special(1, 3);
  special << std::nan("7"), -0.0, 5e-324;
  check_round_trip(special);
}

TEST_CASE("no rows of very many columns come back at once") {
  const TemporaryFile file("npy_test.tmp");
  const Index most = (std::numeric_limits<Index>::max)() / 1024;
  write_npy(file.path, Eigen::MatrixXd(0, most));
  CHECK(read_npy<double>(file.path).cols() == most);
  CHECK(read_npy<double>(file.path, NpyAxes::SamplesFirst).rows() == most);
}

TEST_CASE("a written file is what NumPy writes, byte for byte") {
  const TemporaryFile file("npy_test.tmp");
  write_npy(file.path, numbers<double>('f').eval());
  CHECK(content_of(file.path) == content_of(reference("f8_little_f")));
  write_npy(file.path, numbers<float>('f').transpose().eval(), NpyAxes::SamplesFirst);
  CHECK(content_of(file.path) == content_of(reference("f4_little_c")));
  write_npy(file.path, numbers<std::int16_t>('i'));
  CHECK(content_of(file.path) == content_of(reference("i2_little_f")));
  write_npy(file.path, Eigen::VectorXf(Eigen::VectorXf::LinSpaced(5, 0, 4)));
  CHECK(content_of(file.path) == content_of(reference("one_d")));
}

TEST_CASE("damaged .npy files are refused by name and reason") {
  CHECK(said("no/such.npy", [] { (void)read_npy<double>("no/such.npy"); }) == "cannot be opened");
  CHECK(said_of("") == "shorter than a .npy header");
  CHECK(said_of("PK\3\4 and so on") == "no .npy file: it starts with other bytes");
  CHECK(said_of(npy(good, 16, 4)) == "expected .npy version 1.0, 2.0 or 3.0, got 4.0");
  CHECK(said_of(npy(good, 15)) == "ends after 15 bytes of data, expected 16");
  CHECK(said_of(npy(good, 17)) == "has 17 bytes of data, expected 16");
  CHECK(said_of(std::string("\x93NUMPY\1\0\xff\xff", 10)) == "ends in its header");
  CHECK(said_of(std::string("\x93NUMPY\2\0\xf0\xff\xff\xff", 12)) == "ends in its header");
  CHECK(said_of(std::string("\x93NUMPY\2\0\1\0", 10)) == "ends in its header");
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return said_of(npy(text, 16));
  };
  CHECK(with("\n", "") == "read");
  CHECK(with(", }", "}") == "read");
  CHECK(with("(2,)", "(2L,)") == "read");
  CHECK(with("'descr'", "\"descr\"") == "read");
  CHECK(with("'<f8'", "'=f8'") == "read");
  CHECK(with("(2,)", "(1,2)") == "read");
  CHECK(with("(2,)", "(2)") ==
        "its header is damaged at character 53: expected a comma, as in (3,)");
  CHECK(with("(2,)", "(-2,)") == "its header is damaged at character 51: expected a size");
  CHECK(with("(2,)", "(99999999999999999999,)") ==
        "its shape has more numbers than can be counted");
  CHECK(with("(2,)", "(4294967296,4294967297)") ==
        "its shape has more numbers than can be counted");
  CHECK(with("(2,)", "(99999999999,)") == "ends after 16 bytes of data, expected 799999999992");
  CHECK(with("(2,)", "(2,") == "its header is damaged at character 53: expected a size");
  CHECK(with("False", "0") == "its header is damaged at character 34: expected True or False");
  CHECK(with("'shape'", "'descr'") == "its header has 'descr' twice");
  CHECK(with("'shape'", "'shop'") == "its header has the unknown key 'shop'");
  CHECK(with(", 'shape': (2,)", "") == "its header has no 'shape'");
  CHECK(with("{", "(") == "its header is damaged at character 0: expected {");
  CHECK(with("}", "} or True") == "its header is damaged at character 58: expected the end");
  CHECK(with("'<f8'", "[('a', '<f8')]") ==
        "holds records, expected bool, integers, float32 or float64");
  CHECK(with("'<f8'", "'\x1b[31m'") ==
        "holds '?[31m', expected bool, integers, float32 or float64");
  CHECK(with("'<f8'", "'<f8") == "holds '<f8, ', expected bool, integers, float32 or float64");
  CHECK(with("'<f8'", "__import__('os')") ==
        "its header is damaged at character 10: expected a quoted word");
  CHECK(said_of(npy(std::string(60000, '('), 16)) ==
        "its header is damaged at character 0: expected {");
}

TEST_CASE("every prefix and every flipped bit of a .npy file is an error or an object") {
  for (const char* const name : {"f8_little_c", "i2_big_f", "b1_little_c"}) {
    const std::string content = content_of(reference(name));
    for (std::size_t n = 0; n < content.size(); ++n) {
      CHECK(said_of(content.substr(0, n)) != "read");
    }
    for_each_flipped_bit(content, [](const std::string& flipped) {
      (void)said_of(flipped);
      (void)said_of<std::int8_t>(flipped);
    });
  }
}

TEST_CASE("a folder and a file in a missing folder are errors") {
  CHECK(said(".", [] { (void)read_npy<double>("."); }) == "cannot be read");
  CHECK(said("no/such.npy", [] { write_npy("no/such.npy", Eigen::MatrixXd(1, 1)); }) ==
        "cannot be opened for writing: No such file or directory");
  CHECK(said(".", [] { write_npy(".", Eigen::MatrixXd(1, 1)); }) ==
        "cannot be opened for writing: Is a directory");
}
