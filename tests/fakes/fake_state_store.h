#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/state_store.h"
#include "base/time.h"

namespace tocsin::fakes {

/// A StateStore in memory. A test hands the tables of one to the next, as a restart would.
class FakeStateStore final : public StateStore {
public:
    using Tables = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

    explicit FakeStateStore(Scheduler& scheduler, Tables tables = {})
        : scheduler_(scheduler), writer_(std::move(tables)) {}

    std::vector<StateRecord> open_table(const std::string& table, Everything everything) override {
        everything_[table] = std::move(everything);
        std::vector<StateRecord> records;
        for (const auto& [key, value] : writer_.tables[table]) records.push_back({key, value});
        return records;
    }
    void write(Write write) override {
        if (medium_) write(writer_);
    }
    void when_durable(std::function<void(const Status&)> done) override {
        scheduler_.post([done = std::move(done), status = medium_] { done(status); });
    }

    /// From now on nothing lasts. With success, all tables are written anew.
    void fail_with(Status status) {
        medium_ = std::move(status);
        if (!medium_) return;
        for (const auto& [table, everything] : everything_) {
            writer_.clear(table);
            everything()(writer_);
        }
    }

    const Tables& tables() const { return writer_.tables; }

private:
    struct Writer final : StateWriter {
        explicit Writer(Tables given) : tables(std::move(given)) {}
        void put(std::string_view table, std::string_view key, std::string_view value) override {
            tables[std::string(table)][std::string(key)] = value;
        }
        void erase(std::string_view table, std::string_view key) override {
            tables[std::string(table)].erase(std::string(key));
        }
        void erase_before(std::string_view table, std::string_view key) override {
            auto& records = tables[std::string(table)];
            records.erase(records.begin(), records.lower_bound(std::string(key)));
        }
        void clear(std::string_view table) override { tables[std::string(table)].clear(); }
        Tables tables;
    };

    Scheduler& scheduler_;
    Writer writer_;
    Status medium_;
    std::map<std::string, Everything> everything_;
};

}  // namespace tocsin::fakes
