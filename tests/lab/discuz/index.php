<?php
// A forum as small as it can be: users, posts and sessions in MariaDB, so that every server knows who is logged in.
declare(strict_types=1);

final class SessionsInDatabase implements SessionHandlerInterface
{
    public function __construct(private PDO $db) {}
    public function open(string $path, string $name): bool { return true; }
    public function close(): bool { return true; }
    public function read(string $id): string
    {
        $query = $this->db->prepare('SELECT data FROM sessions WHERE id = ?');
        $query->execute([$id]);
        return (string) $query->fetchColumn();
    }
    public function write(string $id, string $data): bool
    {
        return $this->db->prepare('REPLACE INTO sessions (id, data) VALUES (?, ?)')->execute([$id, $data]);
    }
    public function destroy(string $id): bool
    {
        return $this->db->prepare('DELETE FROM sessions WHERE id = ?')->execute([$id]);
    }
    public function gc(int $seconds): int|false
    {
        $query = $this->db->prepare('DELETE FROM sessions WHERE touched < NOW() - INTERVAL ? SECOND');
        $query->execute([$seconds]);
        return $query->rowCount();
    }
}

$db = new PDO(getenv('DB'), 'admin', 'tedu.cn', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
session_set_save_handler(new SessionsInDatabase($db), true);
session_start();
$node = getenv('NODE');

if (isset($_POST['user'])) {
    $query = $db->prepare('SELECT password FROM users WHERE name = ?');
    $query->execute([$_POST['user']]);
    if (password_verify($_POST['password'] ?? '', (string) $query->fetchColumn())) {
        session_regenerate_id(true);
        $_SESSION['user'] = $_POST['user'];
    } else {
        http_response_code(403);
    }
} elseif (isset($_POST['text'], $_SESSION['user'])) {
    $db->prepare('INSERT INTO posts (author, text) VALUES (?, ?)')->execute([$_SESSION['user'], $_POST['text']]);
} elseif (isset($_POST['logout'])) {
    session_destroy();
    $_SESSION = [];
}
$_SESSION['pages'] = ($_SESSION['pages'] ?? 0) + 1;
$user = htmlspecialchars($_SESSION['user'] ?? '');
?>
<!doctype html>
<title>BBS</title>
<p>server: <b id="node"><?= $node ?></b>, pages: <i id="pages"><?= $_SESSION['pages'] ?></i></p>
<?php if ($user === ''): ?>
<form method="post" action="/bbs/"><input name="user"><input name="password" type="password"><button>log in</button></form>
<?php else: ?>
<p>user: <b id="user"><?= $user ?></b></p>
<form method="post" action="/bbs/" id="write"><input name="text"><button>post</button></form>
<?php endif ?>
<ul>
<?php foreach ($db->query('SELECT author, text FROM posts ORDER BY id') as $post): ?>
<li><?= htmlspecialchars($post['author'] . ': ' . $post['text']) ?></li>
<?php endforeach ?>
</ul>
