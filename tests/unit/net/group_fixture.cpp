#include "tests/unit/net/group_fixture.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "gms/net/address.hpp"
#include "tests/support/own_loopback.hpp"

namespace gms {
namespace {

std::filesystem::path new_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "groupkv-group-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  return name;
}

std::string free_address(boost::asio::io_context& context) {
  const auto acceptor = net::listen_at(context, tests::any_own_port());
  return net::to_string(acceptor->local_endpoint());
}

}  // namespace

Members::Members(Durability durability) : durability_(durability), directory_(new_directory()) {}

Members::~Members() {
  seats.clear();
  std::filesystem::remove_all(directory_);
}

void Members::open(std::size_t place) {
  Seat& seat = seats[place];
  auto opened =
      Group::open(context, seat.options, {*seat.recorder, *seat.recorder, *seat.recorder});
  if (!opened) throw std::runtime_error(opened.error().detail);
  seat.group = *std::move(opened);
}

void Members::start(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Seat& seat = seats.emplace_back();
    seat.options.durability = durability_;
    seat.options.name = "n" + std::to_string(i + 1);
    seat.options.directory = directory_ / seat.options.name;
    seat.options.listen_address = free_address(context);
    seat.options.seed = i + 1;
    seat.options.config = config;
    seat.options.segment_bytes = 1024 * 1024;
    if (i > 0) seat.options.join_addresses = {seats[0].options.listen_address};
    if (durability_ == Durability::disk) {
      const auto made = initialise(seat.options);
      ASSERT_TRUE(made.has_value()) << made.error().detail;
    }
    open(i);
  }
  ASSERT_TRUE(wait([&] {
    for (const Seat& seat : seats)
      if (seat.group->view().view.members.size() != count) return false;
    return leader() != seats.size();
  }));
}

std::size_t Members::leader() const {
  std::size_t leader = seats.size();
  for (std::size_t i = 0; i < seats.size(); ++i) {
    if (!seats[i].group) continue;
    const core::Status status = seats[i].group->status();
    if (status.role != core::RoleName::leader) continue;
    for (const Seat& other : seats)
      if (other.group && other.group->status().leader != status.self) return seats.size();
    leader = i;
  }
  return leader;
}

std::size_t Members::wait_for_leader() {
  EXPECT_TRUE(wait([&] { return leader() != seats.size(); }));
  return leader();
}

bool Members::all_delivered(std::size_t count) const {
  for (const Seat& seat : seats)
    if (seat.group && seat.recorder->delivered.size() < count) return false;
  return true;
}

}  // namespace gms
