// SPDX-License-Identifier: MIT
// Long lags: the tasks of Hochreiter & Schmidhuber, Long short-term memory (1997), learnt by an
// Elman net with BPTT and with RTRL, and by a modern LSTM. Prints success rates next to the
// paper's, and draws success against the lag, where gnuplot is installed.
//
//     long_lags [--task reber,lag4,lag100,adding,multiplication,order,curve] [--seeds 3] [--quick]
//               [--net elman,rtrl,lstm] [--rate 0.01] [--first-seed 1]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "long_lag_learners.hpp"
#include "long_lag_tasks.hpp"
#include "picture.hpp"

namespace bf = backfold;

namespace {

using bf::Index;

/// What learns: a hidden layer, and whether RTRL computes its gradient.
enum class Learner { ElmanBptt, ElmanRtrl, LstmBptt };

struct Task {
  std::string name;
  Index inputs, outputs;
  bool is_class;      ///< Softmax with cross-entropy, else Linear with squared error
  Index elman, lstm;  ///< hidden units
  Index budget;       ///< sequences, at most
  Index rtrl_budget;  ///< for RTRL
  std::string paper_bptt = "–", paper_rtrl = "–", paper_lstm = "–";
  std::function<Batch(Index, bf::Random&)> draw{};  ///< sequences to learn
  std::function<bool(const Batch&, const Eigen::MatrixXf&, Index)> is_right{};  ///< sequence b
  std::optional<Batch> exam{};  ///< solved if all of it is right; else by the last 2,000 sequences:
  Index wrong_allowed = 0;      ///< how many of them may be wrong
  Index exam_every = 100;       ///< sequences
  Index batch = 10;
  std::array<double, 3> rates = {0.01, 0.01, 0.01};  ///< of each Learner
  double forget_bias = 1, input_bias = 0;            ///< of the LSTM's gates at the start
};

/// All outputs of sequence b within the tolerance of their targets.
bool is_within(const Batch& batch, const Eigen::MatrixXf& Y, Index b, float tolerance) {
  for (Index t = 0; t < batch.length(b); ++t) {
    if (!batch.has_target(t, b)) continue;
    const auto difference = Y.col(batch.column(t, b)) - batch.Z.col(batch.target_column(t, b));
    if (!(difference.cwiseAbs().maxCoeff() < tolerance)) return false;
  }
  return true;
}

auto within(float tolerance) {
  return [=](const Batch& batch, const Eigen::MatrixXf& Y, Index b) {
    return is_within(batch, Y, b, tolerance);
  };
}

Index count_wrong(const Task& task, const Batch& batch, const Eigen::MatrixXf& Y) {
  Index wrong = 0;
  for (Index b = 0; b < batch.n; ++b) wrong += !task.is_right(batch, Y, b);
  return wrong;
}

Task reber() {
  bf::Random random(1);
  const std::vector<ReberString> learnt = reber_strings(256, random);
  std::vector<ReberString> all = reber_strings(256, random);
  all.insert(all.end(), learnt.begin(), learnt.end());
  Task task{.name = "embedded Reber",
            .inputs = 7,
            .outputs = 7,
            .is_class = true,
            .elman = 15,
            .lstm = 12,
            .budget = 39740,
            .rtrl_budget = 39740,
            .paper_bptt = "0 %",
            .paper_rtrl = "–",
            .paper_lstm = "97–100 %, 8,440–39,740"};
  task.batch = 5;
  task.rates = {0.02, 0.02, 0.02};
  task.forget_bias = 2.3;
  task.draw = [learnt](Index n, bf::Random& r) {
    std::vector<ReberString> drawn;
    for (Index b = 0; b < n; ++b) drawn.push_back(learnt[bf::below(r, learnt.size())]);
    return reber_batch(drawn);
  };
  task.exam = reber_batch(all);
  task.is_right = [all](const Batch& batch, const Eigen::MatrixXf& Y, Index b) {
    const ReberString& s = all[static_cast<std::size_t>(b)];
    for (Index t = 0; t < batch.length(b); ++t) {
      if (!predicts(Y.col(batch.column(t, b)), s.next[static_cast<std::size_t>(t)])) return false;
    }
    return true;
  };
  return task;
}

Task lag(Index p, Index budget) {
  Task task{.name = "2a, p = " + std::to_string(p),
            .inputs = p + 1,
            .outputs = p + 1,
            .is_class = true,
            .elman = 8,
            .lstm = 16,
            .budget = budget,
            .rtrl_budget = budget};
  task.batch = 2;
  task.rates = {0.005, 0.01, 0.01};
  // Gates that begin open let the first symbol in, and its difference reaches the last step.
  task.forget_bias = std::log(double(p)) + 2;
  task.input_bias = 2;
  task.draw = [p](Index n, bf::Random& random) {
    std::vector<bool> is_y;
    for (Index b = 0; b < n; ++b) is_y.push_back(bf::below(random, 2) == 1);
    return noise_free(p, is_y);
  };
  task.exam = noise_free(p, {false, true});
  task.is_right = within(0.25f);
  return task;
}
Task lag4() {
  Task task = lag(4, 5040);
  task.paper_rtrl = "78 %, 1,043,000";
  return task;
}
Task lag100() {
  Task task = lag(100, 5040);
  task.paper_bptt = "0 %";
  task.paper_lstm = "100 %, 5,040";
  return task;
}

Task marked(Combine how) {
  const bool is_sum = how == Combine::Sum;
  Task task{.name = is_sum ? "adding, T = 100" : "multiplication, T = 100",
            .inputs = 2,
            .outputs = 1,
            .is_class = false,
            .elman = 16,
            .lstm = 8,
            .budget = is_sum ? 74000 : 482000,
            .rtrl_budget = 10000};
  task.paper_lstm = is_sum ? "74,000; 1 of 2,560 wrong" : "482,000; MSE 0.0223";
  task.draw = [how](Index n, bf::Random& random) { return marked_numbers(n, 100, how, random); };
  task.rates = {0.02, 0.02, 0.02};
  task.forget_bias = 4.6;
  task.input_bias = -4;
  task.is_right = within(0.04f);
  task.wrong_allowed = is_sum ? 0 : 139;
  return task;
}

Task order() {
  Task task{.name = "temporal order",
            .inputs = 8,
            .outputs = 4,
            .is_class = true,
            .elman = 16,
            .lstm = 8,
            .budget = 31390,
            .rtrl_budget = 10000};
  task.paper_lstm = "31,390";
  task.draw = [](Index n, bf::Random& random) { return temporal_order(n, random); };
  task.rates = {0.02, 0.02, 0.02};
  task.forget_bias = 4.6;
  task.input_bias = -3;
  task.is_right = within(0.3f);
  return task;
}

/// A run: after which number of sequences the task was solved, and errors on 2,560 new sequences.
struct Run {
  std::optional<Index> solved_after;
  Index wrong = 0;
  double squared = 0;  ///< mean squared error
};

/// The last 2,000 sequences, and how many of them were wrong.
class Recent {
 public:
  void add(bool is_wrong) {
    const auto at = static_cast<std::size_t>(count_++ % 2000);
    wrong_ += is_wrong - was_wrong_[at];
    was_wrong_[at] = is_wrong;
  }
  [[nodiscard]] bool has_at_most(Index allowed) const {
    return count_ >= 2000 && wrong_ <= allowed;
  }

 private:
  std::vector<char> was_wrong_ = std::vector<char>(2000, 0);
  Index count_ = 0, wrong_ = 0;
};

template <class Learner>
Run learn(const Task& task, Learner& learner, Index budget, bf::Random& random) {
  Run result;
  Recent recent;
  for (Index seen = 0; seen < budget && !result.solved_after;) {
    const Batch batch = task.draw((std::min)(task.batch, budget - seen), random);
    const Eigen::MatrixXf Y = learner.learn(batch);
    const Index before = seen;
    seen += batch.n;
    bool is_solved = false;
    if (!task.exam) {
      for (Index b = 0; b < batch.n; ++b) recent.add(!task.is_right(batch, Y, b));
      is_solved = recent.has_at_most(task.wrong_allowed);
    } else if (seen / task.exam_every != before / task.exam_every) {
      is_solved = count_wrong(task, *task.exam, learner.outputs(*task.exam)) == 0;
    }
    if (is_solved) result.solved_after = seen;
  }
  if (!task.exam) {
    const Batch test = task.draw(2560, random);
    const Eigen::MatrixXf Y = learner.outputs(test);
    result.wrong = count_wrong(task, test, Y);
    for (Index b = 0; b < test.n; ++b) {
      result.squared += (Y.col(test.column(test.length(b) - 1, b)) - test.Z.col(b)).squaredNorm();
    }
    result.squared /= static_cast<double>(test.n * task.outputs);
  }
  return result;
}

template <bool is_lstm, class Net, template <class, class> class Method, class Loss>
Run run_net(const Task& task, Net net, Index budget, double rate, std::uint64_t seed,
            Index& parameters) {
  bf::Random random(seed);
  net.initialize(bf::Glorot{}, random);
  // A closed input gate keeps distractors out of the memory: its bias is the first of four.
  if constexpr (is_lstm) net.template bias<1>().head(task.lstm).array() += float(task.input_bias);
  parameters = net.parameter_count();
  Method<Net, Loss> learner(net, rate);
  return learn(task, learner, budget, random);
}

template <class Output, class Loss>
Run run_kind(const Task& task, Learner kind, std::uint64_t seed, Index& parameters) {
  using namespace bf;
  using Elman = Rnn<float, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>,
                    Dense<Dynamic, Output, From<0>>>;
  using Gated = Rnn<float, Input<Dynamic>, Lstm<Dynamic>, Dense<Dynamic, Output, From<0>>>;
  const Elman elman(task.inputs, task.elman, task.outputs);
  const double rate = task.rates[static_cast<std::size_t>(kind)];
  if (kind == Learner::ElmanRtrl) {
    return run_net<false, Elman, OnlineRtrl, Loss>(task, elman, task.rtrl_budget, rate, seed,
                                                   parameters);
  }
  if (kind == Learner::ElmanBptt) {
    return run_net<false, Elman, Bptt, Loss>(task, elman, task.budget, rate, seed, parameters);
  }
  const Gated gated(Input<Dynamic>(task.inputs),
                    Lstm<Dynamic>(task.lstm, ForgetBias{task.forget_bias}),
                    Dense<Dynamic, Output, From<0>>(task.outputs));
  return run_net<true, Gated, Bptt, Loss>(task, gated, task.budget, rate, seed, parameters);
}

Run run_one(const Task& task, Learner kind, std::uint64_t seed, Index& parameters) {
  return task.is_class
             ? run_kind<bf::Softmax, bf::CategoricalCrossEntropy>(task, kind, seed, parameters)
             : run_kind<bf::Linear, bf::HalfSquaredError>(task, kind, seed, parameters);
}

std::string percent(Index k, Index n) {
  // Wilson's interval of 95 %.
  const double z = 1.959964, rate = double(k) / double(n), z2 = z * z / double(n);
  const double center = (rate + z2 / 2) / (1 + z2);
  const double half = z / (1 + z2) * std::sqrt((rate * (1 - rate) + z2 / 4) / double(n));
  char text[64];
  std::snprintf(text, sizeof text, "%.0f %% (%.0f–%.0f)", 100 * rate,
                100 * (std::max)(0.0, center - half), 100 * (center + half));
  return text;
}

/// Median; runs without success count as longer than the budget.
std::string median_sequences(const std::vector<Run>& runs, Index budget) {
  std::vector<Index> after;
  for (const Run& run : runs) after.push_back(run.solved_after.value_or(budget + 1));
  std::sort(after.begin(), after.end());
  const Index median = after[after.size() / 2];
  return median > budget ? "> " + std::to_string(budget) : std::to_string(median);
}

/// What the command line asks for.
struct Plan {
  Index seeds = 3, first_seed = 1;
  bool quick = false;
  std::vector<Learner> nets = {Learner::ElmanBptt, Learner::ElmanRtrl, Learner::LstmBptt};
  double rate = 0;  ///< 0: that of the task
};

/// Runs all seeds and prints a row of the table. @return how many were solved
Index row(Task task, Learner kind, const Plan& plan) {
  const Index seeds = plan.seeds;
  if (plan.rate > 0) task.rates.fill(plan.rate);
  std::vector<Run> runs;
  Index solved = 0, parameters = 0, wrong = 0;
  double squared = 0;
  for (Index seed = plan.first_seed; seed < plan.first_seed + seeds; ++seed) {
    runs.push_back(run_one(task, kind, static_cast<std::uint64_t>(seed), parameters));
    solved += runs.back().solved_after.has_value();
    wrong += runs.back().wrong;
    squared += runs.back().squared / double(seeds);
  }
  const char* const nets[] = {"Elman, BPTT", "Elman, RTRL", "LSTM, BPTT"};
  const std::string* const paper[] = {&task.paper_bptt, &task.paper_rtrl, &task.paper_lstm};
  const auto at = static_cast<std::size_t>(kind);
  const Index budget = kind == Learner::ElmanRtrl ? task.rtrl_budget : task.budget;
  std::printf("| %s | %s | %ld | %ld | %s | %s | ", task.name.c_str(), nets[at],
              static_cast<long>(parameters), static_cast<long>(seeds),
              percent(solved, seeds).c_str(), median_sequences(runs, budget).c_str());
  if (task.exam) {
    std::printf("– | ");
  } else {
    std::printf("%.1f wrong, MSE %.2g | ", double(wrong) / double(seeds), squared);
  }
  std::printf("%s |\n", paper[at]->c_str());
  std::fflush(stdout);
  return solved;
}

/// Success against the lag in task 2a, with the paper's 5,040 sequences, printed and drawn.
void curve(const Plan& plan) {
  std::string data;
  for (const Index p : plan.quick ? std::vector<Index>{4, 10}
                                  : std::vector<Index>{2, 4, 6, 8, 10, 15, 20, 30, 50}) {
    const Task task = lag(p, plan.quick ? 400 : 5040);
    data += std::to_string(p);
    for (const Learner kind : {Learner::ElmanBptt, Learner::LstmBptt}) {
      data += ' ' + number(100.0 * double(row(task, kind, plan)) / double(plan.seeds));
    }
    data += '\n';
  }
  const bool drawn =
      draw("success_against_lag", 800, 450, data,
           "set title 'Task 2a: solved within 5,040 sequences'\n"
           "set xlabel 'lag p in steps'\nset ylabel 'runs solved in %'\n"
           "set yrange [-5:105]\nset grid\nset key outside top center horizontal\n"
           "plot 'success_against_lag.dat' using 1:2 with linespoints lw 2 pt 7 lc rgb "
           "'#d1495b' title 'Elman, BPTT', 'success_against_lag.dat' using 1:3 with "
           "linespoints lw 2 pt 5 lc rgb '#1560d4' title 'LSTM'\n");
  std::printf(
      drawn ? "success_against_lag.svg: success against the lag\n"
            : "No picture: gnuplot is not installed; `gnuplot success_against_lag.gp` draws it.\n");
}

Task task_of(const std::string& name) {
  if (name == "reber") return reber();
  if (name == "lag4") return lag4();
  if (name == "lag100") return lag100();
  if (name == "adding") return marked(Combine::Sum);
  if (name == "multiplication") return marked(Combine::Product);
  return order();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> all = {"reber",          "lag4",  "lag100", "adding",
                                        "multiplication", "order", "curve"};
  std::vector<std::string> chosen = all;
  const std::map<std::string, Learner> learners = {
      {"elman", Learner::ElmanBptt}, {"rtrl", Learner::ElmanRtrl}, {"lstm", Learner::LstmBptt}};
  Plan plan;
  CLI::App app("Long lags: tasks of 1997, learnt by an Elman net and by a modern LSTM");
  app.add_option("--task", chosen, "some of the tasks, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(all));
  app.add_option("--net", plan.nets, "some of the learners, with commas between; not for the curve")
      ->delimiter(',')
      ->transform(CLI::CheckedTransformer(learners));
  app.add_option("--seeds", plan.seeds, "runs of each row")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--first-seed", plan.first_seed, "that of the first run of a row")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--rate", plan.rate, "learning rate, instead of that of the task and net")
      ->check(CLI::PositiveNumber);
  app.add_flag("--quick", plan.quick, "few sequences, one seed: only task 2a with p = 4 is solved");
  CLI11_PARSE(app, argc, argv);
  if (plan.quick) plan.seeds = 1;
  try {
    bool is_solved = true;
    std::printf(
        "| task | net | parameters | runs | solved | median sequences | 2,560 new | 1997 |\n");
    std::printf("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (const std::string& name : chosen) {
      if (name == "curve") {
        curve(plan);
        continue;
      }
      Task task = task_of(name);
      if (plan.quick) task.budget = task.rtrl_budget = name == "lag4" ? 2000 : 100;
      for (const Learner kind : plan.nets) {
        const Index solved = row(task, kind, plan);
        const bool is_wanted = plan.quick ? name == "lag4" : name == "reber" || name == "adding";
        if (kind != Learner::LstmBptt || !is_wanted) continue;
        is_solved = is_solved && 2 * solved > plan.seeds;
      }
    }
    return is_solved ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "long_lags: %s\n", error.what());
    return 1;
  }
}
