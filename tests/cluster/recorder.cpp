#include "tests/cluster/recorder.hpp"

#include <algorithm>

namespace tests::cluster {

Recorder::Recorder(Settings settings) : settings_(std::move(settings)), book_(settings_.journal) {
  for (std::uint32_t number = 0; number < settings_.clients; ++number) add_client(number);
  for (const auto& lane : lanes_)
    threads_.emplace_back([this, &lane = *lane] {
      while (!stopping_) {
        lane.act();
        std::this_thread::sleep_for(lane.pause(settings_.pause_max));
      }
    });
}

Recorder::~Recorder() {
  stop();
}

void Recorder::add_client(std::uint32_t number) {
  const bool is_impatient = settings_.impatient != 0 && number % settings_.impatient == 0;
  client::Options options;
  options.endpoints = settings_.endpoints;
  options.deadline = is_impatient ? kImpatience : std::chrono::milliseconds(3000);
  // No two clients need ask the same member first.
  std::mt19937_64 random(settings_.seed + number);
  std::ranges::shuffle(options.endpoints, random);
  clients_.push_back(std::make_unique<client::Client>(options));
  for (std::uint32_t lane = 0; lane < settings_.lanes; ++lane) {
    Lane::Settings wanted;
    wanted.number = settings_.first_client + number * settings_.lanes + lane;
    wanted.seed = settings_.seed;
    wanted.endpoints = settings_.endpoints;
    wanted.keys = settings_.keys;
    wanted.lists = settings_.lists;
    wanted.key_life = settings_.key_life;
    wanted.member_reads = settings_.member_reads;
    wanted.deadline = options.deadline;
    lanes_.push_back(std::make_unique<Lane>(wanted, *clients_.back(), book_));
  }
}

void Recorder::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace tests::cluster
