// Workers that share a table of jobs. Each process is one member of a group: any of them multicasts
// what it does, all hear everything in the same order, and so all have the same table, while
// members join, crash and leave. Nothing is kept on a disk.
//
//     workers --name a --listen 127.0.0.1:7001
//     workers --name b --join 127.0.0.1:7001
//     workers --name c --join 127.0.0.1:7001
//
// Ctrl-C leaves the group; kill -9 is a crash. A worker that crashed comes back with --join, as a
// new member of the same name.

#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string_view>

#include "gms/examples/job_table.hpp"
#include "gms/group.hpp"
#include "gms/group_async.hpp"

namespace examples {
namespace {

namespace asio = boost::asio;
using gms::model::Error;
using gms::model::PlacedView;

constexpr std::chrono::milliseconds kRedrawEvery{100};

struct Options {
  gms::GroupOptions group;
  double multicasts_per_second = 20;
  /// Zero: until a signal comes.
  double seconds = 0;
};

/// One member: its table, its place in the group, and what people see of both.
class Worker final : private gms::GroupListener, private gms::net::EventSink {
 public:
  explicit Worker(const Options& options)
      : options_(options), table_([this](const std::string& line) { say(line); }) {}

  /// Returns what went wrong, if anything did.
  std::optional<Error> run() {
    // The table and this listener are called on the thread that runs the context: this one.
    auto opened = gms::Group::open(context_, options_.group, {table_, *this, *this});
    if (!opened) return opened.error();
    group_ = *std::move(opened);
    say("listening at " + group_->self().peer_address);

    spawn(work());
    spawn(leave_in_the_end());
    if (is_terminal_) spawn(redraw());
    context_.run();
    group_->stop();
    return failure_;
  }

 private:
  // ---- what this member does

  /// One message after another: finishes the job that it has, or takes one, or offers one.
  asio::awaitable<void> work() {
    using Seconds = std::chrono::duration<double>;
    const auto pace = std::chrono::duration_cast<std::chrono::nanoseconds>(
        Seconds(1 / options_.multicasts_per_second));
    asio::steady_timer timer(context_, asio::steady_timer::clock_type::now());
    while (true) {
      timer.expires_at(timer.expiry() + pace);
      co_await timer.async_wait(asio::use_awaitable);
      const gms::model::Bytes message = next_message();
      // gms sends it again until it is delivered, once: to this member too.
      const auto ticket = group_->multicast(message);
      const auto position = co_await gms::async_delivered(*group_, ticket, asio::use_awaitable);
      if (!position) say("multicast: " + position.error().detail);
    }
  }

  [[nodiscard]] gms::model::Bytes next_message() const {
    if (const auto own = table_.job_of(group_->self().id))
      return JobTable::message(Verb::finish, *own);
    if (const auto open = table_.job_of(gms::model::MemberId()))
      return JobTable::message(Verb::take, *open);
    return JobTable::message(Verb::offer);
  }

  /// Waits for the time or a signal, and says goodbye: the others need not find out.
  asio::awaitable<void> leave_in_the_end() {
    asio::steady_timer timer(context_, asio::steady_timer::time_point::max());
    if (options_.seconds > 0)
      timer.expires_after(std::chrono::milliseconds(std::llround(options_.seconds * 1000)));
    asio::signal_set signals(context_, SIGINT, SIGTERM);
    signals.async_wait([&timer](const boost::system::error_code& error, int) {
      if (!error) timer.cancel();
    });
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));

    const auto ticket = group_->leave(group_->self().id);
    const auto left = co_await gms::async_done(*group_, ticket, asio::use_awaitable);
    if (left)
      say("left");
    else
      failure_ = Error{left.error().code, why_not_left(left.error())};
    context_.stop();
  }

  [[nodiscard]] std::string why_not_left(const Error& error) const {
    if (group_->view().view.has_voter(group_->self().id)) return "could not leave: " + error.detail;
    return "did not join: " + (refusal_.empty() ? "nobody answered who could admit it" : refusal_);
  }

  /// What runs beside ends the program when it fails.
  void spawn(asio::awaitable<void> part) {
    asio::co_spawn(context_, std::move(part), [this](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
      context_.stop();
    });
  }

  // ---- what it hears: views, besides what the table hears

  /// The table is at the view's place in the stream: this line is the same at every member.
  void view_installed(const PlacedView& placed) override {
    say(describe(placed) + ' ' + table_.summary());
  }
  /// This member was given the table of another one, instead of all messages from the beginning.
  void restored(const PlacedView& placed) override {
    say("restored in " + describe(placed) + ' ' + table_.summary());
  }
  void stopped(const Error& error) override {
    failure_ = error;
    context_.stop();
  }
  // Tickets end at the coroutines that wait for them; most of the protocol's own events are for
  // logs.
  void completed(gms::model::Ticket, std::uint64_t, const std::optional<Error>&,
                 gms::model::MemberId) override {}
  void read_ready(gms::model::Ticket, gms::model::Index) override {}
  void on_trace(const gms::core::TraceEvent& event) override {
    const auto* joining = std::get_if<gms::core::JoinerProgress>(&event);
    if (joining == nullptr || refusal_ == joining->step) return;
    refusal_ = joining->step;
    say("joining: " + refusal_);
  }
  void on_link(const gms::net::LinkEvent&) override {}

  // ---- what people see: lines, or a block on a terminal

  static std::string describe(const PlacedView& placed) {
    std::string out = "view " + std::to_string(placed.view.seq.value()) + " at " +
                      to_string(placed.position) + " (" +
                      std::string(to_string(placed.view.cause)) + ") members=";
    for (const gms::model::Member& member : placed.view.members)
      out += member.name + (placed.view.is_up(member.id) ? "+" : "-");
    return out;
  }

  void say(const std::string& line) const {
    if (!is_terminal_) std::cout << line << std::endl;
  }

  asio::awaitable<void> redraw() {
    asio::steady_timer timer(context_);
    while (true) {
      std::ostringstream out;
      out << "\x1b[H\x1b[J" << group_->self().name << " at " << group_->self().peer_address
          << "\n\n"
          << describe(group_->view()) << '\n'
          << table_.summary() << "\n\n";
      for (const std::string& message : table_.recent()) out << message << '\n';
      std::cout << out.str() << std::flush;
      timer.expires_after(kRedrawEvery);
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  const Options options_;
  const bool is_terminal_ = ::isatty(STDOUT_FILENO) == 1;
  asio::io_context context_;
  JobTable table_;
  std::optional<Error> failure_;
  /// The latest answer to the wish to join.
  std::string refusal_;
  std::unique_ptr<gms::Group> group_;
};

/// Nothing when that is no number, or less than zero.
std::optional<double> read_number(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool is_whole = !text.empty() && *end == '\0';
  return is_whole && std::isfinite(number) && number >= 0 ? std::optional(number) : std::nullopt;
}

/// Nothing when the command line makes no sense.
std::optional<Options> read_options(int count, char** arguments) {
  Options options;
  options.group.durability = gms::Durability::memory;
  // A short history: who joins later is given the table, not every message from the beginning.
  options.group.config.retain_entries = 100;
  options.group.config.retain_bytes = 10'000;
  options.group.config.trim_step_bytes = 10'000;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const std::string value = arguments[i + 1];
    if (name == "--name")
      options.group.name = value;
    else if (name == "--listen")
      options.group.listen_address = value;
    else if (name == "--multicasts-per-second")
      options.multicasts_per_second = read_number(value).value_or(0);
    else if (name == "--seconds")
      options.seconds = read_number(value).value_or(-1);
    else if (name == "--join") {
      std::istringstream list(value);
      for (std::string address; std::getline(list, address, ',');)
        options.group.join_addresses.push_back(address);
    } else
      return std::nullopt;
  }
  const bool whole = count % 2 == 1 && !options.group.name.empty();
  if (!whole || options.multicasts_per_second <= 0 || options.seconds < 0) return std::nullopt;
  return options;
}

}  // namespace
}  // namespace examples

int main(int argument_count, char** arguments) {
  const auto options = examples::read_options(argument_count, arguments);
  if (!options) {
    std::cerr << "workers --name NAME [--listen HOST:PORT] [--join HOST:PORT,…]\n"
                 "        [--multicasts-per-second 20] [--seconds 0]\n";
    return 2;
  }
  if (const auto error = examples::Worker(*options).run()) {
    std::cerr << "workers: " << error->detail << '\n';
    return error->code == gms::model::ErrorCode::invalid_argument ? 2 : 1;
  }
  return 0;
}
