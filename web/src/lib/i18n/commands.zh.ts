/** What the commands of the protocols do: the part of the Chinese catalogue that the wire alone needs. */

const smtp = {
  EHLO: "说明我们是谁，并询问服务器会什么",
  HELO: "说明我们是谁（旧方式）",
  LHLO: "说明我们是谁（在最终投递处）",
  STARTTLS: "转为 TLS 加密",
  AUTH: "用一种 SASL 机制登录",
  MAIL: "开始一次投递：发件人",
  RCPT: "再加一个收件人",
  DATA: "邮件内容开始，直到只有一个点的一行",
  BDAT: "接下来是指定字节数的邮件内容",
  RSET: "放弃这次投递",
  VRFY: "这个邮箱存在吗？",
  NOOP: "什么也不做，只表示还在",
  QUIT: "结束",
};

const pop3 = {
  APOP: "登录而不发送密码",
  CAPA: "询问服务器会什么",
  STLS: "转为 TLS 加密",
  UTF8: "地址和邮件头可以使用 UTF-8",
  LANG: "选择应答的语言",
  USER: "说明要哪个邮箱",
  PASS: "密码",
  AUTH: "用一种 SASL 机制登录",
  STAT: "有多少封邮件、多少字节",
  LIST: "每封邮件的大小",
  UIDL: "每封邮件固定不变的编号",
  RETR: "取回整封邮件",
  TOP: "取回邮件头和若干行",
  DELE: "标记删除，QUIT 时才真正删除",
  RSET: "撤销所有删除标记",
  NOOP: "什么也不做，只表示还在",
  QUIT: "结束，并删除已标记的邮件",
};

const imap = {
  CAPABILITY: "询问服务器会什么",
  NOOP: "什么也不做；应答里可能带来新消息",
  LOGOUT: "结束",
  STARTTLS: "转为 TLS 加密",
  AUTHENTICATE: "用一种 SASL 机制登录",
  LOGIN: "用用户名和密码登录",
  ID: "你是谁？",
  ENABLE: "启用服务器的某项能力",
  COMPRESS: "从这里起压缩传输",
  NOTIFY: "有变化就告诉我们，别的邮箱也一样",
  SELECT: "打开一个邮箱",
  EXAMINE: "以只读方式打开一个邮箱",
  CREATE: "新建一个邮箱",
  DELETE: "删除一个邮箱",
  RENAME: "给邮箱改名",
  SUBSCRIBE: "显示这个邮箱",
  UNSUBSCRIBE: "不再显示这个邮箱",
  LIST: "有哪些邮箱",
  NAMESPACE: "自己的邮箱从哪里开始",
  STATUS: "一个邮箱里有多少邮件",
  APPEND: "把一封邮件放进邮箱",
  IDLE: "等待，有新消息立即得知",
  CLOSE: "删除已标记的邮件，并离开邮箱",
  UNSELECT: "离开邮箱，什么也不删除",
  EXPUNGE: "删除已标记的邮件",
  SEARCH: "哪些邮件符合条件",
  FETCH: "取回邮件的各个部分",
  STORE: "更改邮件的标记",
  COPY: "把邮件也放进另一个邮箱",
  MOVE: "把邮件移到另一个邮箱",
};

const named = (protocol: string, words: Record<string, string>) => Object.entries(words).map(([command, said]) => [`${protocol} ${command}`, said]);

export const commands: Record<string, string> = Object.fromEntries([...named("smtp", smtp), ...named("lmtp", smtp), ...named("pop3", pop3), ...named("imap", imap)]) as Record<string, string>;
