#include "tests/torture/scenarios/clients.hpp"

#include "tests/torture/client_process.hpp"

namespace tests::torture {

void play_killed_clients(Stage& stage) {
  std::vector<std::unique_ptr<ClientProcess>> clients;
  std::uint32_t number = 0;
  for (; number < 3; ++number) clients.push_back(std::make_unique<ClientProcess>(stage, number));
  while (stage.time_left()) {
    stage.rest_between(200, 800);
    auto& victim = clients[stage.dice().between(0, clients.size() - 1)];
    victim->kill();
    if (stage.dice().one_in(4)) {
      const std::string leader = stage.leader();
      stage.nemesis().kill(leader);
      stage.nemesis().start(leader);
    }
    victim = std::make_unique<ClientProcess>(stage, number++);
  }
}

}  // namespace tests::torture
