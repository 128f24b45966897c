#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/golden/cluster.hpp"
#include "tests/golden/words.hpp"

namespace golden {

/// Runs the commands of one script against real engines. The commands are in the table in
/// interpreter.cpp, with what each takes.
class Interpreter {
 public:
  /// Runs one command line and returns what it shows, line by line; an error is a line that starts
  /// with `error:`.
  [[nodiscard]] std::vector<std::string> run(const std::string& line);

 private:
  using Command = void (Interpreter::*)(const Words&);
  struct Row {
    std::string_view name;
    Command command;
  };
  static const std::vector<Row>& table();

  void execute(const Words& words);

  // Set-up.
  void config(const Words& words);
  void members(const Words& words);
  void joiner(const Words& words);

  // Time and disks.
  void tick(const Words& words);
  void timeout(const Words& words);
  void pause(const Words& words);
  void advance(const Words& words);
  void stabilise(const Words& words);
  void durable(const Words& words);
  void files(const Words& words);
  void apply(const Words& words);
  void disk(const Words& words);
  void flush(const Words& words);
  void take(const Words& words);
  void fetch(const Words& words);
  void lose(const Words& words);
  void compare(const Words& words);
  void diverge(const Words& words);
  void damage(const Words& words);

  // The network.
  void deliver(const Words& words);
  void drop(const Words& words);
  void duplicate(const Words& words);
  void save(const Words& words);
  void replay(const Words& words);
  void cut(const Words& words);
  void heal(const Words& words);
  void network(const Words& words);
  void peer_down(const Words& words);
  void peer_connected(const Words& words);
  void disconnect(const Words& words);

  // Requests.
  void propose(const Words& words);
  void multicast(const Words& words);
  void read(const Words& words);
  void leave(const Words& words);
  void transfer(const Words& words);
  void evict(const Words& words);
  void maintain(const Words& words);
  void administer(const Words& words, gms::core::AdminAction action);

  // Processes.
  void crash(const Words& words);
  void restart(const Words& words);

  // Questions.
  void log(const Words& words);
  void status(const Words& words);

  /// The hosts named by the word at `at`: one, or `all`. Empty, with an error shown, for others.
  std::vector<Host*> hosts(const Words& words, std::size_t at);
  /// The one host named there, if it runs; null, with an error shown, otherwise.
  Host* running(const Words& words, std::size_t at);
  /// `n1->n2`, `n1->`, `->n2` or `all`; then a message's name; then which of them, from 1 on.
  static Cluster::Filter filter_of(const Words& words, std::size_t at);
  /// The messages under way that the words name.
  std::vector<Cluster::Envelope> selected(const Words& words, std::size_t at);
  void error(const std::string& what) { transcript_.add("error: " + what); }

  Transcript transcript_;
  Cluster cluster_{transcript_};
  std::map<std::string, Cluster::Envelope> saved_;
};

}  // namespace golden
