#pragma once

#include <optional>
#include <vector>

#include "tests/linearizability/history.hpp"
#include "tests/simulation/cluster.hpp"

namespace tests::simulation {

/// Clients that call, retry at other members and sometimes give up, and members that multicast.
/// Records the history of all calls.
class Workload final : public RequestListener {
 public:
  explicit Workload(Cluster& cluster);

  /// Whether the event was one of the workload's.
  bool carry_out(const Event& event);
  /// No new calls or multicasts; those under way end.
  void stop() { stopped_ = true; }
  /// Clients talk to these machines only, from now on.
  void restrict_to(std::vector<Machine> machines) { targets_ = std::move(machines); }

  [[nodiscard]] const linearizability::History& history() const { return history_; }
  /// The operation that a client's call is, if the client made such a call.
  [[nodiscard]] std::optional<std::size_t> operation_of(const ClientCall& call) const;
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::uint64_t succeeded() const { return succeeded_; }
  /// A request that reached a process of now, at one of `machines`, and was never answered; if
  /// there is one [LV3].
  [[nodiscard]] std::optional<std::string> unanswered(const std::vector<Machine>& machines) const;

  void executed(Process& process, Request request, const Execution& execution) override;
  void readable(Process& process, Request request, gms::model::Index index) override;
  void completed(Process& process, Request request, const gms::core::Completed& completed) override;

 private:
  /// How one attempt ended: `refused` means that it certainly had no effect, `registered` that it
  /// got the client a session and nothing else.
  enum class Answer : std::uint8_t { none, done, refused, unknown, registered };

  struct Attempt {
    std::uint32_t client = 0;
    std::size_t operation = 0;
    Machine machine = 0;
    /// Of the process that took it, as its machine counts them; zero before.
    std::uint64_t life = 0;
    Answer answer = Answer::none;
    bool applied = false;
    Value seen;
    gms::model::Index index;
    /// How many views were committed when it arrived.
    std::size_t views = 0;
    std::optional<Machine> ask_instead;
    /// The client's when it was sent, or the one that it got.
    kvstore::api::SessionId session;
  };
  struct Client {
    std::uint64_t calls = 0;
    Machine target = 0;
    std::optional<std::size_t> operation;
    std::uint32_t attempts = 0;
    /// Attempts that may yet have an effect.
    std::uint32_t open = 0;
    bool refused_only = true;
    /// Counts what is waited for, so that an old timeout says nothing.
    std::uint64_t waits = 0;
    kvstore::api::SessionId session;
  };

  void begin_call(std::uint32_t client);
  void attempt(std::uint32_t client);
  void send_to(std::uint32_t client, Machine machine);
  void request_arrives(const Event& event);
  void reply_arrives(Request request);
  /// Makes the call that the client waited to make.
  void hear_session(const Attempt& registration);
  void timed_out(const Event& event);
  void retry_or_end(std::uint32_t client);
  void end_call(std::uint32_t client, linearizability::Outcome outcome);
  void answer(Request request, Answer answer);
  void multicast(Machine machine);
  [[nodiscard]] Machine random_target();
  [[nodiscard]] ClientCall call_of(const Attempt& attempt) const;
  [[nodiscard]] bool is_answer_to(const Attempt& attempt, const Execution& execution) const;
  linearizability::Operation draw_operation(std::uint32_t client);

  Cluster& cluster_;
  const WorkloadOptions options_;
  Random random_;
  std::vector<Machine> targets_;
  std::vector<Client> clients_;
  std::vector<Attempt> attempts_;
  linearizability::History history_;
  /// By operation: the number of the client's call.
  std::vector<std::uint64_t> numbers_;
  /// By client and number.
  std::vector<std::vector<std::size_t>> operations_;
  /// By machine: multicasts in this life of it.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> multicasts_;
  std::uint64_t succeeded_ = 0;
  bool stopped_ = false;
};

}  // namespace tests::simulation
