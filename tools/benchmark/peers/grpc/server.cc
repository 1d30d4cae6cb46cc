// server.cc: the service of orders as a user of gRPC C++ and libpq would write it: the synchronous server,
// and a pool of connections with prepared statements.
//
//   server PORT, with API_KEY and libpq's variables in the environment
#include <grpcpp/grpcpp.h>
#include <libpq-fe.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "orders/v1/orders.grpc.pb.h"

namespace
{

using google::protobuf::Timestamp;
using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;

constexpr int kConnections = 16;
constexpr char kUniqueViolation[] = "23505";

const std::array<const char *, 8> kStatuses = {"",        "pending",   "confirmed", "processing",
                                               "shipped", "delivered", "completed", "cancelled"};

#define TIME(column) "(extract(epoch FROM " column ") * 1000000)::bigint"
#define COLUMNS                                                                                 \
    "id, order_id, customer_id, " TIME("order_date") ", total_amount, currency, status, " TIME( \
        "created_at") ", " TIME("updated_at")

const std::map<std::string, const char *> kStatements = {
    {"create",
     "INSERT INTO plain_orders (order_id, customer_id, order_date, total_amount, currency, status) VALUES "
     "($1, $2, to_timestamp($3::float8), $4, $5, $6) RETURNING " COLUMNS},
    {"get", "SELECT " COLUMNS " FROM plain_orders WHERE order_id = $1"},
    {"list", "SELECT " COLUMNS " FROM plain_orders ORDER BY id OFFSET $1 LIMIT $2"},
    {"update",
     "UPDATE plain_orders SET status = $2, updated_at = now() WHERE order_id = $1 RETURNING " COLUMNS},
    {"summary", "SELECT to_char(order_date AT TIME ZONE 'UTC', 'YYYY-MM-DD'), currency, count(*), "
                "sum(total_amount)::bigint "
                "FROM plain_orders GROUP BY 1, 2 ORDER BY 1 DESC, 2"},
};

struct Finish {
    void operator()(PGconn *connection) const
    {
        PQfinish(connection);
    }
};
struct Clear {
    void operator()(PGresult *result) const
    {
        PQclear(result);
    }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Result = std::unique_ptr<PGresult, Clear>;

class Pool
{
  public:
    Pool()
    {
        for (int i = 0; i < kConnections; i++) {
            Connection connection(PQconnectdb(""));
            for (const auto &[name, sql] : kStatements) {
                const Result prepared(PQprepare(connection.get(), name.c_str(), sql, 0, nullptr));
                if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
                    std::cerr << PQerrorMessage(connection.get());
                    std::exit(EXIT_FAILURE);
                }
            }
            idle_.push_back(std::move(connection));
        }
    }

    Result Ask(const char *statement, const std::vector<std::string> &values = {})
    {
        std::vector<const char *> texts;
        for (const std::string &value : values)
            texts.push_back(value.c_str());
        Connection connection = Take();
        Result result(PQexecPrepared(connection.get(), statement, static_cast<int>(texts.size()),
                                     texts.data(), nullptr, nullptr, 0));
        Give(std::move(connection));
        return result;
    }

  private:
    Connection Take()
    {
        std::unique_lock<std::mutex> held(lock_);
        given_.wait(held, [this] { return !idle_.empty(); });
        Connection connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
    }

    void Give(Connection connection)
    {
        {
            const std::lock_guard<std::mutex> held(lock_);
            idle_.push_back(std::move(connection));
        }
        given_.notify_one();
    }

    std::mutex lock_;
    std::condition_variable given_;
    std::vector<Connection> idle_;
};

void SetTime(const char *microseconds, Timestamp *time)
{
    const int64_t all = std::atoll(microseconds);
    time->set_seconds(all / 1000000);
    time->set_nanos(static_cast<int32_t>(all % 1000000 * 1000));
}

void SetOrder(const PGresult *result, int row, orders::v1::Order *order)
{
    const auto text = [&](int column) { return PQgetvalue(result, row, column); };
    order->set_id(std::atoll(text(0)));
    order->set_order_id(text(1));
    order->set_customer_id(text(2));
    SetTime(text(3), order->mutable_order_date());
    order->set_total_amount(std::atoll(text(4)));
    order->set_currency(text(5));
    for (size_t i = 1; i < kStatuses.size(); i++)
        if (std::strcmp(text(6), kStatuses[i]) == 0)
            order->set_status(static_cast<orders::v1::OrderStatus>(i));
    SetTime(text(7), order->mutable_created_at());
    SetTime(text(8), order->mutable_updated_at());
}

class Orders final : public orders::v1::OrderService::Service
{
  public:
    explicit Orders(std::string key) : key_(std::move(key))
    {
    }

    Status CreateOrder(ServerContext *context, const orders::v1::CreateOrderRequest *request,
                       orders::v1::Order *response) override
    {
        const orders::v1::Order &order = request->order();
        if (const Status refused = Refused(context); !refused.ok())
            return refused;
        if (order.order_id().empty() || order.customer_id().empty() || order.total_amount() <= 0)
            return {StatusCode::INVALID_ARGUMENT, "invalid order"};
        const int status = order.status() == 0 ? 1 : order.status();
        const Result result = pool_.Ask(
            "create", {order.order_id(), order.customer_id(), std::to_string(order.order_date().seconds()),
                       std::to_string(order.total_amount()), order.currency(), kStatuses[status]});
        return One(result.get(), response);
    }

    Status GetOrder(ServerContext *context, const orders::v1::GetOrderRequest *request,
                    orders::v1::Order *response) override
    {
        if (const Status refused = Refused(context); !refused.ok())
            return refused;
        const Result result = pool_.Ask("get", {request->order_id()});
        return One(result.get(), response);
    }

    Status UpdateOrder(ServerContext *context, const orders::v1::UpdateOrderRequest *request,
                       orders::v1::Order *response) override
    {
        if (const Status refused = Refused(context); !refused.ok())
            return refused;
        const Result result =
            pool_.Ask("update", {request->order().order_id(), kStatuses[request->order().status()]});
        return One(result.get(), response);
    }

    Status ListOrders(ServerContext *context, const orders::v1::ListOrdersRequest *request,
                      orders::v1::ListOrdersResponse *response) override
    {
        if (const Status refused = Refused(context); !refused.ok())
            return refused;
        const int most = request->page_size() > 0 ? request->page_size() : 100;
        const Result result = pool_.Ask("list", {std::to_string(request->skip()), std::to_string(most)});
        if (PQresultStatus(result.get()) != PGRES_TUPLES_OK)
            return Failed(result.get());
        for (int i = 0; i < PQntuples(result.get()); i++)
            SetOrder(result.get(), i, response->add_orders());
        return Status::OK;
    }

    Status GetOrderSummary(ServerContext *context, const orders::v1::GetOrderSummaryRequest *,
                           orders::v1::OrderSummary *response) override
    {
        if (const Status refused = Refused(context); !refused.ok())
            return refused;
        const Result result = pool_.Ask("summary");
        if (PQresultStatus(result.get()) != PGRES_TUPLES_OK)
            return Failed(result.get());
        std::map<std::string, int64_t> totals;
        int64_t orders = 0;
        for (int i = 0; i < PQntuples(result.get()); i++) {
            const auto text = [&](int column) { return PQgetvalue(result.get(), i, column); };
            orders::v1::DailyRevenue *day = response->add_revenue_per_day();
            day->set_date(text(0));
            day->set_currency(text(1));
            day->set_revenue(std::atoll(text(3)));
            totals[day->currency()] += day->revenue();
            orders += std::atoll(text(2));
        }
        response->set_total_orders(orders);
        for (const auto &[currency, sum] : totals) {
            orders::v1::CurrencyTotal *total = response->add_total_revenue();
            total->set_currency(currency);
            total->set_total(sum);
        }
        return Status::OK;
    }

  private:
    Status Refused(const ServerContext *context) const
    {
        const auto found = context->client_metadata().find("x-api-key");
        if (found == context->client_metadata().end())
            return {StatusCode::UNAUTHENTICATED, "API key is missing"};
        const grpc::string_ref given = found->second;
        unsigned char differs = given.size() != key_.size();
        for (size_t i = 0; i < given.size() && i < key_.size(); i++)
            differs |= static_cast<unsigned char>(given.data()[i] ^ key_[i]);
        return differs ? Status(StatusCode::PERMISSION_DENIED, "Invalid API key") : Status::OK;
    }

    static Status Failed(const PGresult *result)
    {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (state != nullptr && std::strcmp(state, kUniqueViolation) == 0)
            return {StatusCode::ALREADY_EXISTS, "order exists"};
        return {StatusCode::INTERNAL, "database"};
    }

    static Status One(const PGresult *result, orders::v1::Order *order)
    {
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
            return Failed(result);
        if (PQntuples(result) == 0)
            return {StatusCode::NOT_FOUND, "order not found"};
        SetOrder(result, 0, order);
        return Status::OK;
    }

    const std::string key_;
    Pool pool_;
};

} // namespace

int main(int argc, char **argv)
{
    const char *key = std::getenv("API_KEY");
    if (argc != 2 || key == nullptr)
        return EXIT_FAILURE;
    Orders service(key);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr)
        return EXIT_FAILURE;
    server->Wait();
}
